"""Managing one's keys by API, with a management key: GET, POST /keys; GET, PATCH, DELETE
/keys/{hash} (openrouter-today 1.9).

A management key sees and changes the inference keys of its user (`accounts.access` says which,
where an account has members). It makes no inference, and is no key that can be managed here.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import key_changes, keys
from accounts.access import manageable_keys
from accounts.models import ApiKey
from api import key_fields, key_rows
from api.access import actor, holder_of, manager
from api.authentication import KeyAuthentication
from api.query_values import whole_number
from api.views import answers
from billing import key_creation
from billing.key_limits import overlaid, set_limit
from billing.models import KeyBudget
from openrouter_site.errors import BadRequest, NotFound

JsonObject = dict[str, Any]
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PAGE_MAX, _PAGE, _OFFSET_MAX = 100, 50, 10**9


@answers(("GET", "HEAD", "POST"), KeyAuthentication)
def collection(request: Request) -> Response:
    """`{"data": [Key], "total_count"}`, or 201 `{"data": Key, "key"}` for a new one."""
    managing = manager(request)
    if request.method == "POST":
        row, key = _created(request, managing)
        return Response({"data": _shape(row), "key": key}, status=201)
    query = request.query_params
    found = manageable_keys(managing)
    if query.get("include_disabled", "").lower() not in {"1", "true"}:
        found = found.filter(disabled=False)
    offset = whole_number(query, "offset", 0, _OFFSET_MAX) or 0
    size = whole_number(query, "limit", 1, _PAGE_MAX) or _PAGE
    rows = list(found[offset : offset + size])
    data = key_rows.shapes(rows, timezone.now())
    return Response({"data": data, "total_count": found.count()})


@answers(("GET", "HEAD", "PATCH", "DELETE"), KeyAuthentication)
def one(request: Request, digest: str) -> Response:
    """`{"data": Key}`, or `{"deleted": true}`; another user's key is not found."""
    managing = manager(request)
    row = None
    if _DIGEST.fullmatch(digest):
        row = manageable_keys(managing).filter(digest=digest).first()
    if row is None:
        raise NotFound("Key not found")
    if request.method == "DELETE":
        key_changes.delete(row, actor=actor(managing))
        return Response({"deleted": True})
    if request.method == "PATCH":
        _change(row, key_fields.read(request, is_new=False), actor(managing))
    return Response({"data": _shape(row)})


def _created(request: Request, managing: keys.Key) -> tuple[ApiKey, str]:
    fields = key_fields.read(request, is_new=True)
    if fields.budget.get("period") and fields.budget.get("limit_nano") is None:
        raise BadRequest("limit_reset needs a limit.", {"field": "limit"})
    with transaction.atomic():
        row, key = key_creation.create(
            managing.user_id,
            fields.row["name"],
            limit_nano=fields.budget.get("limit_nano"),
            period=fields.budget.get("period", ""),
            expires_at=fields.row.get("expires_at"),
            allowed_models=fields.row.get("allowed_models", ()),
            member=holder_of(managing, fields.holder),
            actor=actor(managing),
        )
        key_changes.change(row, fields.row, actor=actor(managing))
    return row, key


def _change(row: ApiKey, fields: key_fields.KeyFields, who: str) -> None:
    with transaction.atomic():
        # The limit first: it locks the account and then the key, in the order of billing.batch.
        if fields.budget:
            budget = KeyBudget.objects.filter(pk=row.pk).first()
            limit_nano, period = overlaid(budget, fields.budget)
            set_limit(row, limit_nano, period, actor=who)
        if fields.row:
            key_changes.change(row, fields.row, actor=who)


def _shape(row: ApiKey) -> JsonObject:
    (shape,) = key_rows.shapes([row], timezone.now())
    return shape
