"""Provider keys of one's own: GET, POST /byok; GET, PATCH, DELETE /byok/{id}."""

from __future__ import annotations

from typing import Any

from documentation.openapi.operation import Access, Content, Group, Operation, path_text
from documentation.openapi.schema import (
    Fields,
    boolean,
    const,
    integer,
    listing,
    moment,
    nullable,
    one_of,
    optional_fields,
    record,
    ref,
    text,
)

_SORT_ORDER_MAX = 32_767
_NOT_HERE = (
    "allowed_models", "allowed_api_key_hashes", "allowed_user_ids", "workspace_id",
    "declared_region", "declared_zdr",
)  # fmt: skip

_KEY = record(
    {
        "id": text(),
        "provider": text("Its slug."),
        "label": text("The end of the key."),
        "name": nullable(text()),
        "disabled": boolean(),
        "position": one_of("Relative to this server's own.", "before", "after"),
        "is_fallback": boolean("True when it is tried after."),
        "sort_order": integer("Among several at one provider, the lowest is tried first."),
        "never_fall_back": boolean("True: this server's own key is never used there for you."),
        "is_required": boolean("The same."),
        "is_byok_only": boolean("Whether this server has no key of its own there."),
        "created_at": moment(),
        "last_tested_at": nullable(moment()),
        "last_test_result": nullable(text("What the provider said.")),
        **{name: {"type": "null"} for name in _NOT_HERE},
    },
    "A key of yours at a provider. The key itself is never shown.",
)

_FIELDS: Fields = {
    "name": nullable(text("What you call it.")),
    "position": one_of("", "before", "after"),
    "sort_order": integer("", 0, _SORT_ORDER_MAX),
    **optional_fields(
        {
            "is_fallback": boolean("True: `position` is `after`."),
            "disabled": boolean(),
            "is_required": boolean("The same as `never_fall_back`."),
            "never_fall_back": boolean("True: this server's own key is never used there for you."),
            "test": boolean("False: it is saved without asking the provider whether it works."),
        }
    ),
    **{name: {"type": "null"} for name in _NOT_HERE},
}
_CLOSED = "Unknown fields are refused. What is only null is not supported here."

_EXAMPLE: dict[str, Any] = {
    "id": "12", "provider": "openai", "label": "…AbCd", "name": "team", "disabled": False,
    "position": "before", "is_fallback": False, "sort_order": 0, "never_fall_back": False,
    "is_required": False, "is_byok_only": False,
    "created_at": "2026-06-10T06:13:20.482000+00:00",
    "last_tested_at": "2026-06-10T06:13:20.482000+00:00", "last_test_result": "works",
    **dict.fromkeys(_NOT_HERE),
}  # fmt: skip
_ONE = Content(record({"data": ref("ProviderKey")}), {"data": _EXAMPLE})
_ID = path_text("id", "Of the key.", "12")
_MEMBER = {403: "The key belongs to a member of the account."}
_NONE = {404: "There is no such key of yours."}
_REFUSED = {
    400: "A field is wrong, or the provider refuses the key.",
    502: "The provider did not say whether the key works.",
}

_LIST = Operation(
    "get", "/byok", "listProviderKeys", "List provider keys", "All of them, without the secrets.",
    Access.ANY_KEY,
    (
        Content(
            record({"data": listing(ref("ProviderKey")), "total_count": integer(minimum=0)}),
            {"data": [_EXAMPLE], "total_count": 1},
        ),
    ),
    errors=_MEMBER,
)  # fmt: skip

_CREATE = Operation(
    "post", "/byok", "createProviderKey", "Add a provider key",
    "The provider is asked whether it works before it is saved. It is kept encrypted.",
    Access.MANAGEMENT, (_ONE,), status=201,
    body=Content(
        ref("NewProviderKey"), {"provider": "openai", "key": "sk-…", "name": "team"}
    ),
    errors=_REFUSED,
)  # fmt: skip

_GET = Operation(
    "get", "/byok/{id}", "getProviderKey", "One provider key", "By its id.", Access.ANY_KEY,
    (_ONE,), parameters=(_ID,), errors={**_MEMBER, **_NONE},
)  # fmt: skip

_CHANGE = Operation(
    "patch", "/byok/{id}", "changeProviderKey", "Change a provider key",
    "What is left away stays. A key stays with its provider.", Access.MANAGEMENT, (_ONE,),
    parameters=(_ID,), body=Content(ref("ProviderKeyChange"), {"position": "after"}),
    errors={**_NONE, **_REFUSED},
)  # fmt: skip

_DELETE = Operation(
    "delete", "/byok/{id}", "deleteProviderKey", "Delete a provider key",
    "From now on this server's own key is used there, where it has one.", Access.MANAGEMENT,
    (Content(record({"deleted": const(True)}), {"deleted": True}),),
    parameters=(_ID,), errors=_NONE,
)  # fmt: skip

GROUP = Group(
    "byok", "Provider keys",
    "Use your own accounts at providers: requests go there with your key, and cost no credits but a"
    " share of the list price, if the server asks for one.",
    (_LIST, _CREATE, _GET, _CHANGE, _DELETE),
    {
        "ProviderKey": _KEY,
        "NewProviderKey": record(
            {
                "provider": text("Its slug or name.", minLength=1),
                "key": text("The secret.", minLength=1),
                **_FIELDS,
            },
            _CLOSED, required=("provider", "key"), closed=True,
        ),
        "ProviderKeyChange": record(
            {
                "provider": nullable(text("Its slug; it cannot be changed.")),
                "key": nullable(text("A new secret.")),
                **_FIELDS,
            },
            _CLOSED, required=(), closed=True,
        ),
    },
)  # fmt: skip
