"""Keys as a person looks at them: what each may spend and did spend, and whether it works.

Sorted and counted by the database; the figures of a page of keys come in two queries more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower

from accounts.app_requests import HEADLESS
from accounts.models import ApiKey
from billing import key_figures
from billing.models import Generation, KeyBudget
from billing.periods import next_begin

_SOON = timedelta(days=7)


class State(StrEnum):
    """The first that is true, the worst first."""

    DISABLED = "disabled"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    ENDING = "ending"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """`budget` counts as of `now`: nothing of a period that is over."""

    row: ApiKey
    budget: KeyBudget
    last_used_at: datetime | None
    now: datetime

    @property
    def state(self) -> State:
        expires_at = self.row.expires_at
        if self.row.disabled:
            return State.DISABLED
        if expires_at is not None and expires_at <= self.now:
            return State.EXPIRED
        if self.budget.limit_nano is not None and self.budget.spent_nano >= self.budget.limit_nano:
            return State.EXHAUSTED
        if expires_at is not None and expires_at <= self.now + _SOON:
            return State.ENDING
        return State.ACTIVE

    @property
    def resets_at(self) -> datetime | None:
        return next_begin(self.budget.period, self.now)

    @property
    def app(self) -> str:
        """The app that got it; "" when a person made it, or what had no address to come back to."""
        origin = self.row.app_origin
        return "" if origin == HEADLESS else origin.partition("://")[2]


def _last_use() -> Subquery:
    newest = Generation.objects.filter(key_id=OuterRef("pk")).order_by("-created_at")
    return Subquery(newest.values("created_at")[:1])


# By the name of the order in an address.
_ORDERS: dict[str, Combinable] = {
    "name": Lower("name"),
    "spend": Coalesce("budget__spent_total_nano", 0),
    "used": _last_use(),
    "expires": F("expires_at"),
    "created": F("created_at"),
}
ORDERS = tuple(_ORDERS)


def ordered(found: QuerySet[ApiKey], order: str, *, descending: bool) -> QuerySet[ApiKey]:
    """What never happened comes last, both ways."""
    by = F("ordered_by")
    first = by.desc(nulls_last=True) if descending else by.asc(nulls_last=True)
    return found.annotate(ordered_by=_ORDERS[order]).order_by(first, "-pk")


def matching(found: QuerySet[ApiKey], words: str) -> QuerySet[ApiKey]:
    """Those whose name, visible digits, app or holder has each of the words."""
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(label__icontains=word)
            | Q(app_origin__icontains=word)
            | Q(member__user__email__icontains=word)
        )
    return found


def listed(found: Iterable[ApiKey], now: datetime) -> list[ListedKey]:
    rows = list(found)
    ids = [row.pk for row in rows]
    budgets = key_figures.budgets(ids, now)
    used = key_figures.last_uses(ids)
    return [
        ListedKey(row, budgets.get(row.pk) or KeyBudget(key=row), used.get(row.pk), now)
        for row in rows
    ]
