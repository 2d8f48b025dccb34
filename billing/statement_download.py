"""A month's statement as a file to download, streamed: for programs and for pages."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from django.utils import timezone

from billing.statement import month_of, pieces
from openrouter_site.errors import BadRequest
from openrouter_site.streaming import streamed


def download(account_id: str, month: str) -> StreamingHttpResponse:
    """Of "2026-11", or of the month under way when none is named. Raises BadRequest."""
    month = month or f"{timezone.now():%Y-%m}"
    try:
        made = pieces(account_id, month_of(month))
    except ValueError:
        raise BadRequest("month must be a month like 2026-11.", {"field": "month"}) from None
    return StreamingHttpResponse(
        streamed(made),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="statement-{month}.csv"'},
    )
