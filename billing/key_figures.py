"""Figures of many keys in few queries, for lists of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import OuterRef, Subquery

from accounts.models import ApiKey
from billing.key_limits import spent_in_period
from billing.models import Generation, KeyBudget


def last_uses(ids: Collection[int]) -> dict[int, datetime | None]:
    """The index by key and time has each of them at its end."""
    newest = Generation.objects.filter(key_id=OuterRef("pk")).order_by("-created_at")
    rows = ApiKey.objects.filter(pk__in=ids).annotate(
        last_used_at=Subquery(newest.values("created_at")[:1])
    )
    return dict(rows.values_list("pk", "last_used_at"))


def budgets(ids: Collection[int], now: datetime) -> dict[int, KeyBudget]:
    """Those that have one; what was spent in a period that is over does not count."""
    found = {budget.pk: budget for budget in KeyBudget.objects.filter(pk__in=ids)}
    for budget in found.values():
        budget.spent_nano = spent_in_period(budget, now)
    return found
