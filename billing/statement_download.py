"""A month's statement as a file to download, streamed: for programs and for pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone

from billing.statement import month_of, pieces
from openrouter_site.database import orm_connection
from openrouter_site.errors import BadRequest


def download(account_id: str, month: str) -> StreamingHttpResponse:
    """Of "2026-11", or of the month under way when none is named. Raises BadRequest."""
    month = month or f"{timezone.now():%Y-%m}"
    try:
        made = pieces(account_id, month_of(month))
    except ValueError:
        raise BadRequest("month must be a month like 2026-11.", {"field": "month"}) from None
    return StreamingHttpResponse(
        _streamed(made),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="statement-{month}.csv"'},
    )


async def _streamed(made: Iterator[str]) -> AsyncIterator[str]:
    """Each piece is made in a thread, when the one before it is on its way."""
    while (piece := await asyncio.to_thread(_next, made)) is not None:
        yield piece


def _next(made: Iterator[str]) -> str | None:
    with orm_connection():
        return next(made, None)
