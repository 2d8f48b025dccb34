"""What callers send about a key: POST and PATCH /api/v1/keys (openrouter-today 1.9), checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rest_framework.request import Request

from accounts import key_values
from accounts.key_values import wrong
from api.bodies import read_object
from billing.models import KeyBudget
from catalog import live

_MODELS_MAX = 200
_KNOWN = (
    "name", "disabled", "expires_at", "allowed_models", "limit", "limit_reset",
    "creator_user_id",
    # OpenRouter's clients send these; they have no meaning here.
    "include_byok_in_limit", "workspace_id",
)  # fmt: skip
_PERIODS = tuple(period for period in KeyBudget.Period.values if period)


@dataclass(slots=True)
class KeyFields:
    """`row` has the columns to set, `budget` is limit_nano and period as far as they were sent.

    `holder` is the user for whom the key is, None whoever asks.
    """

    holder: int | None = None
    row: dict[str, Any] = field(default_factory=dict)
    budget: dict[str, Any] = field(default_factory=dict)


def read(request: Request, *, is_new: bool) -> KeyFields:
    """Raises BadRequest naming the field, PayloadTooLarge."""
    body = read_object(request, _KNOWN)
    fields = KeyFields()
    if is_new and "name" not in body:
        raise wrong("name", "is missing. Say what the key is for.")
    if "name" in body:
        fields.row["name"] = key_values.line(body["name"], "name")
    if "disabled" in body:
        if not isinstance(body["disabled"], bool):
            raise wrong("disabled", "must be true or false.")
        fields.row["disabled"] = body["disabled"]
    if "expires_at" in body:
        fields.row["expires_at"] = key_values.moment(body["expires_at"], "expires_at")
    if "allowed_models" in body:
        fields.row["allowed_models"] = _models(body["allowed_models"])
    if is_new and body.get("creator_user_id") is not None:
        fields.holder = user_number(body["creator_user_id"], "creator_user_id")
    fields.budget = read_budget(body)
    return fields


def read_budget(body: dict[str, Any]) -> dict[str, Any]:
    """`limit` and `limit_reset` as limit_nano and period, as far as they were sent."""
    budget: dict[str, Any] = {}
    if "limit" in body:
        budget["limit_nano"] = key_values.limit(body["limit"], "limit")
    if "limit_reset" in body:
        period = body["limit_reset"]
        if period is not None and period not in _PERIODS:
            raise wrong("limit_reset", f"must be null or one of {', '.join(_PERIODS)}.")
        budget["period"] = period or ""
    return budget


def user_number(value: Any, name: str) -> int:
    """7 of "user_7", as members and keys name their users."""
    match = re.fullmatch(r"user_([0-9]{1,18})", value) if isinstance(value, str) else None
    if match is None:
        raise wrong(name, 'must be the id of a user, like "user_7".')
    return int(match[1])


def _models(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MODELS_MAX:
        raise wrong("allowed_models", f"must be a list of at most {_MODELS_MAX} ids of models.")
    known = live.catalog().models
    for id in value:
        if not isinstance(id, str) or id not in known:
            raise wrong(
                "allowed_models", f"{ascii(id)[:140]} is not a valid model ID. See GET /models."
            )
    return list(dict.fromkeys(value))
