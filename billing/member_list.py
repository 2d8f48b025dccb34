"""The members of an account as those look at them who manage it. Three queries for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import ApiKey, Member
from billing import key_figures
from billing.balances import as_of
from billing.models import MemberBudget
from billing.periods import next_begin


@dataclass(frozen=True, slots=True)
class ListedMember:
    """`budget` counts as of `now`; `keys` are those that exist, `last_used_at` is of any."""

    row: Member
    budget: MemberBudget
    keys: int
    last_used_at: datetime | None
    now: datetime

    @property
    def resets_at(self) -> datetime | None:
        return next_begin(self.budget.period, self.now)


def listed(rows: Sequence[Member], now: datetime) -> list[ListedMember]:
    ids = [row.pk for row in rows]
    budgets = MemberBudget.objects.in_bulk(ids)
    keys: dict[int, set[int]] = {id: set() for id in ids}
    there: dict[int, int] = dict.fromkeys(ids, 0)
    found = ApiKey.objects.filter(Q(member__in=ids)).values_list("pk", "member_id", "deleted_at")
    for key_id, member_id, deleted_at in found:
        keys[member_id or 0].add(key_id)
        there[member_id or 0] += deleted_at is None
    used = key_figures.last_uses({key_id for those in keys.values() for key_id in those})
    return [
        ListedMember(
            row=row,
            budget=as_of(budgets.get(row.pk) or MemberBudget(member=row), now),
            keys=there[row.pk],
            last_used_at=max(filter(None, (used.get(id) for id in keys[row.pk])), default=None),
            now=now,
        )
        for row in rows
    ]
