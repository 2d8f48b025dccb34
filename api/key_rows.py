"""A user's keys as GET /api/v1/keys shows them, in few queries however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Sum

from accounts.models import ApiKey
from billing.balances import as_of
from billing.models import Generation, KeyBudget
from billing.periods import begin_of
from openrouter_site.money import dollars

JsonObject = dict[str, Any]
_PERIODS = ("daily", "weekly", "monthly")


def shapes(rows: Sequence[ApiKey], now: datetime) -> list[JsonObject]:
    """Three queries for all: budgets, sums of generations, last uses."""
    ids = [row.pk for row in rows]
    budgets = {row.pk: as_of(row, now) for row in KeyBudget.objects.filter(pk__in=ids)}
    sums = _sums(ids, now)
    used = _last_uses(ids)
    return [
        _shape(row, budgets.get(row.pk) or KeyBudget(), sums.get(row.pk, {}), used.get(row.pk))
        for row in rows
    ]


def _sums(ids: list[int], now: datetime) -> dict[int, dict[str, int]]:
    """By key: what it spent, and what its user's own provider keys were charged, by period."""
    begins = {period: begin_of(period, now) for period in _PERIODS}
    asked: dict[str, Any] = {"byok": Sum("upstream_cost_nano", default=0)}
    for period, begin in begins.items():
        since = Q(created_at__gte=begin)
        asked[period] = Sum("cost_nano", filter=since, default=0)
        asked[f"byok_{period}"] = Sum("upstream_cost_nano", filter=since, default=0)
    counted = Q(created_at__gte=min(begins.values())) | Q(is_byok=True)
    rows = Generation.objects.filter(counted, key_id__in=ids).values("key_id")
    found: Any = rows.annotate(**asked)
    return {row["key_id"]: row for row in found}


def _last_uses(ids: list[int]) -> dict[int, datetime]:
    """The index by key and time has each of them at its end."""
    newest = Generation.objects.filter(key_id=OuterRef("pk")).order_by("-created_at")
    rows = ApiKey.objects.filter(pk__in=ids).annotate(
        last_used_at=Subquery(newest.values("created_at")[:1])
    )
    return dict(rows.values_list("pk", "last_used_at"))


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
        **{f"usage_{period}": dollars(sums.get(period, 0)) for period in _PERIODS},
        "byok_usage": dollars(sums.get("byok", 0)),
        **{f"byok_usage_{period}": dollars(sums.get(f"byok_{period}", 0)) for period in _PERIODS},
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
