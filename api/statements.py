"""GET /api/v1/credits/statement?month=2026-11: an account's month as CSV, streamed."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from api.access import manager_of_account
from api.authentication import KeyAuthentication, caller
from api.views import answers_get
from billing.statement_download import download


@answers_get(KeyAuthentication)
def statement(request: Request) -> Any:
    """The month under way when none is named. Raises BadRequest, Forbidden."""
    key = manager_of_account(caller(request))
    return download(key.account_id, request.query_params.get("month", ""))
