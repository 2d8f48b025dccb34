"""The key that asks, and managing the others: GET /key, /keys."""

from __future__ import annotations

from typing import Any

from documentation.openapi import key_schemas
from documentation.openapi.operation import (
    Access,
    Content,
    Group,
    Operation,
    Parameter,
    path_text,
)
from documentation.openapi.schema import boolean, const, integer, listing, record, ref, text

_HASH = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943"
_NO_USE = dict.fromkeys(
    ("usage", "usage_daily", "usage_weekly", "usage_monthly", "byok_usage", "byok_usage_daily",
     "byok_usage_weekly", "byok_usage_monthly"), 0,
)  # fmt: skip
_LABEL = "sk-or-v1-f01...943"
_KEY: dict[str, Any] = {
    "label": _LABEL, "limit": 100, "limit_remaining": 74.5, "limit_reset": "monthly",
    "include_byok_in_limit": False, **_NO_USE, "usage": 140.75, "usage_daily": 3.5,
    "usage_weekly": 12.25, "usage_monthly": 25.5, "is_free_tier": False,
    "rate_limit": {
        "requests": 74, "interval": "1s",
        "note": "One request per second for each credit left on the key and the account.",
    },
    "free_model_daily_requests": {"limit": 200, "used": 0, "remaining": 200}, "expires_at": None,
    "creator_user_id": "user_7", "is_management_key": False, "is_provisioning_key": False,
    "allowed_data_regions": ["global"], "workspace_id": None, "organization_id": None,
    "budgets": [], "effective_budget": None,
}  # fmt: skip
_MANAGED: dict[str, Any] = {
    "hash": _HASH, "name": "ci", "label": _LABEL, "disabled": False, "limit": 5,
    "limit_remaining": 5, "limit_reset": "monthly", "include_byok_in_limit": False, **_NO_USE,
    "allowed_models": [], "created_at": "2026-06-10T06:13:20.482000+00:00",
    "updated_at": "2026-06-10T06:13:20.482000+00:00", "expires_at": None, "last_used_at": None,
    "creator_user_id": "user_7", "external_user": None, "workspace_id": None,
}  # fmt: skip

_DIGEST = path_text("hash", "The `hash` of the key.", _HASH)
_NO_KEY = {404: "There is no key of this hash, or it is another account's."}
_ONE = Content(record({"data": ref("ManagedKey")}), {"data": _MANAGED})
_OWN = Content(record({"data": ref("Key")}), {"data": _KEY})


def _own(path: str, id: str, title: str, says: str) -> Operation:
    return Operation("get", path, id, title, says, Access.ANY_KEY, (_OWN,))


_LIST = Operation(
    "get", "/keys", "listKeys", "List keys", "The keys for inference that you manage.",
    Access.MANAGEMENT,
    (
        Content(
            record({"data": listing(ref("ManagedKey")), "total_count": integer(minimum=0)}),
            {"data": [_MANAGED], "total_count": 1},
        ),
    ),
    parameters=(
        Parameter("include_disabled", boolean("`true`: disabled ones too.")),
        Parameter("offset", integer("How many to leave out at the beginning.", 0, 10**9)),
        Parameter("limit", integer("How many at most: 50 by default.", 1, 100)),
    ),
    errors={400: "`offset` or `limit` is out of range."},
)  # fmt: skip

_CREATE = Operation(
    "post", "/keys", "createKey", "Create a key",
    "`key` is the secret. It is in this answer and nowhere else: only its hash is kept.",
    Access.MANAGEMENT,
    (
        Content(
            record({"data": ref("ManagedKey"), "key": text("The secret.")}),
            {"data": _MANAGED, "key": "sk-or-v1-…"},
        ),
    ),
    status=201,
    body=Content(ref("NewKey"), {"name": "ci", "limit": 5, "limit_reset": "monthly"}),
    errors={409: "There are 1,000 keys, and no more are allowed."},
)  # fmt: skip

_GET = Operation(
    "get", "/keys/{hash}", "getKey", "One key", "A key by its hash.", Access.MANAGEMENT, (_ONE,),
    parameters=(_DIGEST,), errors=_NO_KEY,
)  # fmt: skip

_CHANGE = Operation(
    "patch", "/keys/{hash}", "changeKey", "Change a key",
    "Running requests end as they began; the next one meets the change.", Access.MANAGEMENT,
    (_ONE,),
    parameters=(_DIGEST,), body=Content(ref("KeyChange"), {"limit": 10}), errors=_NO_KEY,
)  # fmt: skip

_DELETE = Operation(
    "delete", "/keys/{hash}", "deleteKey", "Delete a key",
    "Programs that use it are refused from now on. What it spent stays in your history.",
    Access.MANAGEMENT,
    (Content(record({"deleted": const(True)}), {"deleted": True}),),
    parameters=(_DIGEST,), errors=_NO_KEY,
)  # fmt: skip

GROUP = Group(
    "keys", "Keys",
    "What the key you use may still spend, and how a program makes, limits and deletes keys.",
    (
        _own("/key", "getOwnKey", "The key in use", "Its limit, its use and its rate limit."),
        _own("/auth/key", "getOwnKeyByOldName", "The key in use, by its older path",
             "The same as `GET /key`."),
        _LIST, _CREATE, _GET, _CHANGE, _DELETE,
    ),
    key_schemas.SCHEMAS,
)  # fmt: skip
