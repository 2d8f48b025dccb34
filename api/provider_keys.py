"""A user's own provider keys: GET, POST /byok; GET, PATCH, DELETE /byok/{id} (openrouter-today
1.14), and what this server offers beside that.

Every key of the user may read them, masked. Only a management key may change them: whoever holds
any other one could send the user's prompts through an account of his own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import provider_keys
from accounts.keys import Key
from accounts.models import ProviderKey
from api.access import manager_of_account
from api.authentication import KeyAuthentication, caller
from api.bodies import read_object
from api.provider_key_fields import KNOWN, NOT_HERE, fields_of, text_of
from api.views import answers
from catalog import live
from openrouter_site.errors import BadRequest, Forbidden, NotFound
from routing.own_key_trial import invalid, provider_of, tested

JsonObject = dict[str, Any]


@answers(("GET", "HEAD", "POST"), KeyAuthentication)
def collection(request: Request) -> Response:
    """`{"data": [BYOKKey], "total_count"}`, or 201 `{"data": BYOKKey}` for a new one."""
    if request.method == "POST":
        return Response({"data": _shape(_created(request, _manager(request)))}, status=201)
    rows = provider_keys.of_user(manager_of_account(caller(request)).user_id)
    return Response({"data": [_shape(row) for row in rows], "total_count": len(rows)})


@answers(("GET", "HEAD", "PATCH", "DELETE"), KeyAuthentication)
def one(request: Request, id: str) -> Response:
    """`{"data": BYOKKey}`, or `{"deleted": true}`; another user's is not found."""
    if request.method in {"GET", "HEAD"}:
        return Response({"data": _shape(_found(manager_of_account(caller(request)), id))})
    row = _found(_manager(request), id)
    if request.method == "PATCH":
        return Response({"data": _shape(_changed(request, row))})
    provider_keys.delete(row)
    return Response({"deleted": True})


def _manager(request: Request) -> Key:
    key = manager_of_account(caller(request))
    if not key.is_management:
        raise Forbidden(
            "Provider keys are changed with a management key.",
            {"remedy_hint": "Make a management key, and use it for /api/v1/byok."},
        )
    return key


def _found(key: Key, id: str) -> ProviderKey:
    row = None
    if id.isascii() and id.isdigit() and len(id) < 19:
        found = ProviderKey.objects.filter(pk=int(id), user_id=key.user_id)
        row = found.select_related("provider").first()
    if row is None:
        raise NotFound("Provider key not found")
    return row


# --- Changes -------------------------------------------------------------------------------------


def _created(request: Request, key: Key) -> ProviderKey:
    body = read_object(request, KNOWN)
    provider = provider_of(text_of(body, "provider", required=True))
    secret = text_of(body, "key", required=True)
    fields, is_tested = fields_of(body)
    try:
        provider_keys.check(secret, fields.get("name", ""), provider)
        provider_keys.check_number(key.user_id)
        said = tested(provider, secret) if is_tested else ""
        return provider_keys.create(key.user_id, provider, secret, fields, said)
    except ValidationError as error:
        raise invalid(error) from None


def _changed(request: Request, row: ProviderKey) -> ProviderKey:
    body = read_object(request, KNOWN)
    if text_of(body, "provider") not in ("", row.provider.slug):
        raise BadRequest("A key stays with its provider.", {"field": "provider"})
    secret = text_of(body, "key")
    fields, is_tested = fields_of(body)
    try:
        said = ""
        if secret:
            provider_keys.check(secret, fields.get("name", row.name), row.provider)
            said = tested(row.provider, secret) if is_tested else ""
        return provider_keys.change(row, fields, secret, said)
    except ValidationError as error:
        raise invalid(error) from None
    except ProviderKey.DoesNotExist:
        raise NotFound("Provider key not found") from None


# --- What is shown -------------------------------------------------------------------------------


def _shape(row: ProviderKey) -> JsonObject:
    """BYOKKey; its secret is shown by the last four characters only."""
    provider = live.catalog().providers.get(row.provider.slug)
    return {
        "id": str(row.pk),
        "provider": row.provider.slug,
        "label": row.ending,
        "name": row.name or None,
        "disabled": row.disabled,
        "position": row.position,
        "is_fallback": row.position == ProviderKey.Position.AFTER,
        "sort_order": row.sort_order,
        "never_fall_back": row.never_fall_back,
        "is_required": row.never_fall_back,
        "is_byok_only": provider is None or provider.served_at is None,
        "created_at": row.created_at.astimezone(UTC).isoformat(),
        "last_tested_at": _moment(row.last_tested_at),
        "last_test_result": row.last_test_result or None,
        **dict.fromkeys(NOT_HERE),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
