"""Figures of many keys in few queries, for lists of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Sum

from accounts.models import ApiKey
from billing.balances import as_of
from billing.models import Generation, KeyBudget
from billing.periods import begin_of

PERIODS = ("daily", "weekly", "monthly")


def last_uses(ids: Collection[int]) -> dict[int, datetime | None]:
    """The index by key and time has each of them at its end."""
    newest = Generation.objects.filter(key_id=OuterRef("pk")).order_by("-created_at")
    rows = ApiKey.objects.filter(pk__in=ids).annotate(
        last_used_at=Subquery(newest.values("created_at")[:1])
    )
    return dict(rows.values_list("pk", "last_used_at"))


def budgets(ids: Collection[int], now: datetime) -> dict[int, KeyBudget]:
    """Those that have one; what was spent in a period that is over does not count."""
    return {row.pk: as_of(row, now) for row in KeyBudget.objects.filter(pk__in=ids)}


def sums(ids: Collection[int], now: datetime) -> dict[int, dict[str, int]]:
    """By key: what it spent, and what its user's own provider keys were charged, by period."""
    begins = {period: begin_of(period, now) for period in PERIODS}
    asked: dict[str, Any] = {"byok": Sum("upstream_cost_nano", default=0)}
    for period, begin in begins.items():
        since = Q(created_at__gte=begin)
        asked[period] = Sum("cost_nano", filter=since, default=0)
        asked[f"byok_{period}"] = Sum("upstream_cost_nano", filter=since, default=0)
    counted = Q(created_at__gte=min(begins.values())) | Q(is_byok=True)
    rows = Generation.objects.filter(counted, key_id__in=ids).values("key_id")
    found: Any = rows.annotate(**asked)
    return {row["key_id"]: row for row in found}
