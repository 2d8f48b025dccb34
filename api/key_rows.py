"""A user's keys as GET /api/v1/keys shows them, in few queries however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from accounts.models import ApiKey
from billing import key_figures
from billing.key_figures import PERIODS
from billing.models import KeyBudget
from openrouter_site.money import dollars

JsonObject = dict[str, Any]


def shapes(rows: Sequence[ApiKey], now: datetime) -> list[JsonObject]:
    """Three queries for all: budgets, sums of generations, last uses."""
    ids = [row.pk for row in rows]
    budgets = key_figures.budgets(ids, now)
    sums = key_figures.sums(ids, now)
    used = key_figures.last_uses(ids)
    return [
        _shape(row, budgets.get(row.pk) or KeyBudget(), sums.get(row.pk, {}), used.get(row.pk))
        for row in rows
    ]


def _shape(
    row: ApiKey, budget: KeyBudget, sums: dict[str, int], last_used_at: datetime | None
) -> JsonObject:
    limit = budget.limit_nano
    return {
        "hash": row.digest,
        "name": row.name,
        "label": row.label,
        "disabled": row.disabled,
        "limit": None if limit is None else dollars(limit),
        "limit_remaining": None if limit is None else dollars(max(0, limit - budget.spent_nano)),
        "limit_reset": budget.period or None,
        "include_byok_in_limit": False,
        "usage": dollars(budget.spent_total_nano),
        **{f"usage_{period}": dollars(sums.get(period, 0)) for period in PERIODS},
        "byok_usage": dollars(sums.get("byok", 0)),
        **{f"byok_usage_{period}": dollars(sums.get(f"byok_{period}", 0)) for period in PERIODS},
        "allowed_models": row.allowed_models or [],
        "created_at": _text(row.created_at),
        "updated_at": _text(row.updated_at),
        "expires_at": _text(row.expires_at),
        "last_used_at": _text(last_used_at),
        "creator_user_id": f"user_{row.member.user_id if row.member else row.user_id}",
        "external_user": None,
        "workspace_id": None,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
