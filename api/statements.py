"""GET /api/v1/credits/statement?month=2026-11: an account's month as CSV, streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.request import Request

from api.access import manager_of_account
from api.authentication import KeyAuthentication, caller
from api.views import answers_get
from billing.statement import month_of, pieces
from openrouter_site.database import orm_connection
from openrouter_site.errors import BadRequest


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
        _streamed(pieces(key.account_id, month)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="statement-{text}.csv"'},
    )


async def _streamed(made: Iterator[str]) -> AsyncIterator[str]:
    """Each piece is made in a thread, when the one before it is on its way."""
    while (piece := await asyncio.to_thread(_next, made)) is not None:
        yield piece


def _next(made: Iterator[str]) -> str | None:
    with orm_connection():
        return next(made, None)
