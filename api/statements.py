"""GET /api/v1/credits/statement?month=2026-11: an account's month as CSV, streamed."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.request import Request

from api.access import manager_of_account
from api.authentication import KeyAuthentication, caller
from api.views import answers_get
from billing.statement import month_of, pieces
from openrouter_site.errors import BadRequest
from openrouter_site.streaming import streamed


@answers_get(KeyAuthentication)
def statement(request: Request) -> Any:
    """The month under way when none is named. Raises BadRequest, Forbidden."""
    key = manager_of_account(caller(request))
    text = request.query_params.get("month") or f"{timezone.now():%Y-%m}"
    try:
        month = month_of(text)
    except ValueError:
        raise BadRequest("month must be a month like 2026-11.", {"field": "month"}) from None
    return StreamingHttpResponse(
        streamed(pieces(key.account_id, month)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="statement-{text}.csv"'},
    )
