"""The schemas of keys."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.key_values import NAME_CHARACTERS_MAX
from documentation.openapi.schema import (
    Fields,
    Schema,
    boolean,
    integer,
    listing,
    moment,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)

PERIODS = ("daily", "weekly", "monthly")
LIMIT: Schema = number("Dollars that may be spent; null is no limit.", 0)
LIMIT_RESET: Schema = one_of(
    "When the limit counts anew, at 00:00 UTC; null: it does not.", *PERIODS
)

_USAGE: Fields = {
    "usage": number("Dollars spent, ever."),
    "usage_daily": number("Dollars since 00:00 UTC."),
    "usage_weekly": number("Dollars since Monday."),
    "usage_monthly": number("Dollars since the 1st."),
    "byok_usage": number("Dollars by list price that providers charged to keys of your own."),
    "byok_usage_daily": number(),
    "byok_usage_weekly": number(),
    "byok_usage_monthly": number(),
}
_LIMITS: Fields = {
    "limit": nullable(LIMIT),
    "limit_remaining": nullable(number("Dollars left of it.", 0)),
    "limit_reset": nullable(LIMIT_RESET),
    "include_byok_in_limit": boolean("Always false."),
}

_KEY = record(
    {
        "label": text("The key without its middle."),
        **_LIMITS,
        **_USAGE,
        "is_free_tier": boolean("Whether credits were never bought."),
        "rate_limit": record(
            {"requests": integer("-1 where there is none."), "interval": text(), "note": text()},
            "As it is now.",
        ),
        "free_model_daily_requests": record(
            {"limit": integer(), "used": integer(), "remaining": integer()},
            "To models that end in `:free`, since 00:00 UTC, of the whole account.",
        ),
        "expires_at": nullable(moment()),
        "creator_user_id": text("Whose key it is."),
        "is_management_key": boolean(),
        "is_provisioning_key": boolean("The same."),
        "allowed_data_regions": listing(text()),
        "workspace_id": {"type": "null"},
        "organization_id": nullable(text("The account that a member's key spends from.")),
        "budgets": listing(ref("MemberBudget")),
        "effective_budget": nullable(ref("MemberBudget")),
    },
    "The key that asks.",
)

_BUDGET = record(
    {
        "budget_id": text(),
        "guardrail_id": {"type": "null"},
        "scope": one_of("", "member"),
        "limit_usd": number(),
        "spend_usd": number(),
        "remaining_usd": number(),
        "reset_interval": nullable(one_of("", *PERIODS)),
        "resets_at": nullable(moment()),
        "include_byok": boolean(),
    },
    "What a member may spend of another's account.",
)

_MANAGED = record(
    {
        "hash": text("The SHA-256 of the key: its id here.", pattern="^[0-9a-f]{64}$"),
        "name": text(),
        "label": text("The key without its middle."),
        "disabled": boolean(),
        **_LIMITS,
        **_USAGE,
        "allowed_models": listing(text(), "Ids of models; none: all."),
        "created_at": moment(),
        "updated_at": nullable(moment()),
        "expires_at": nullable(moment()),
        "last_used_at": nullable(moment()),
        "creator_user_id": text("Whose key it is."),
        "external_user": {"type": "null"},
        "workspace_id": {"type": "null"},
    },
    "A key for inference.",
)

_NAME: Schema = text("What the key is for.", minLength=1, maxLength=NAME_CHARACTERS_MAX)
_FIELDS: Fields = {
    "name": _NAME,
    "disabled": boolean("Whether it is refused for now."),
    "limit": nullable(LIMIT),
    "limit_reset": nullable(LIMIT_RESET),
    "expires_at": nullable(moment("After it the key is refused; UTC only.")),
    "allowed_models": nullable(
        listing(text(), "Ids of the models it may use; none: all.", maxItems=200)
    ),
    "include_byok_in_limit": {"description": "Changes nothing here."},
    "workspace_id": {"description": "Changes nothing here."},
}
_HOLDER = nullable(text("The member for whom it is; by default you.", pattern="^user_[0-9]{1,18}$"))

SCHEMAS: Mapping[str, Schema] = {
    "Key": _KEY,
    "MemberBudget": _BUDGET,
    "ManagedKey": _MANAGED,
    "NewKey": record(
        {**_FIELDS, "creator_user_id": _HOLDER},
        "Unknown fields are refused. `limit_reset` needs a `limit`.",
        required=("name",),
        closed=True,
    ),
    "KeyChange": record(
        {**_FIELDS, "creator_user_id": {"description": "Cannot be changed: it is ignored."}},
        "What is left away stays. Unknown fields are refused.",
        required=(),
        closed=True,
    ),
}
