"""What a key, or a member with all keys, may spend: setting it, under the lock of admissions.

The limit that is in force when this returns is the one that the next admission meets, in every
process. A limit may be set below what is spent: it then admits nothing (design/money.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Now

from accounts import key_changes, member_changes
from accounts.models import ApiKey, Member
from billing.book import USER_PREFIX, period_start
from billing.models import Account, Budget, Generation, Hold, KeyBudget, MemberBudget
from openrouter_site.money import format_amount

Changed = dict[str, list[str | None]]


def set_limit(
    key: ApiKey, limit_nano: int | None, period: str = "", *, actor: str, reason: str = ""
) -> bool:
    """Limit the key to so much in each `period` ("" means in all, None no limit).

    False when it was so already. What a new period has seen spent until now counts in it.
    """
    with transaction.atomic():
        # In the order of billing.batch: account, then key. The account must be among them: a batch
        # that waits for the key's row reads the budget as it was before it waited.
        _lock_account(key.user_id)
        # The clock is the database's.
        locked = ApiKey.objects.select_for_update().annotate(now=Now()).get(pk=key.pk)
        budget, _ = KeyBudget.objects.get_or_create(key=locked)
        spent = Generation.objects.filter(key_id=key.pk)
        holds = Hold.objects.filter(key_id=key.pk)
        changed = _set(budget, limit_nano, period, spent, holds, locked.now, "period_start")
        if changed:
            key_changes.note(locked, changed, actor=actor, reason=reason)
    return bool(changed)


def set_member_budget(
    member: Member, limit_nano: int | None, period: str = "", *, actor: str
) -> bool:
    """Limit what a member may spend of the account's credits; otherwise like `set_limit`."""
    with transaction.atomic():
        _lock_account(member.owner_id)
        MemberBudget.objects.get_or_create(member=member)
        budget = MemberBudget.objects.select_for_update().annotate(now=Now()).get(pk=member.pk)
        spent = Generation.objects.filter(key__member=member)
        holds = Hold.objects.filter(key_id__in=member.keys.values("pk"))
        changed = _set(budget, limit_nano, period, spent, holds, budget.now, "member_period_start")
        if changed:
            member_changes.note(member, changed, actor=actor)
    return bool(changed)


def overlaid(row: Budget | None, wanted: Mapping[str, Any]) -> tuple[int | None, str]:
    """limit_nano and period of a budget (None: there is none yet) with what is wanted of them."""
    limit_nano, period = (row.limit_nano, row.period) if row else (None, "")
    return wanted.get("limit_nano", limit_nano), wanted.get("period", period)


def _lock_account(user_id: int) -> None:
    account, _ = Account.objects.get_or_create(pk=f"{USER_PREFIX}{user_id}")
    Account.objects.select_for_update().get(pk=account.pk)


def _set(
    budget: Budget, limit_nano: int | None, period: str, spent: QuerySet[Generation],
    holds: QuerySet[Hold], now: datetime, column: str,
) -> Changed:  # fmt: skip
    """Save what is new and say it; `spent` and `holds` are those that count, `column` of the holds
    has their period."""
    if (budget.limit_nano, budget.period) == (limit_nano, period):
        return {}
    what: Changed = {
        "limit": [_shown(budget.limit_nano), _shown(limit_nano)],
        "limit_reset": [budget.period, period],
    }
    if budget.period != period:
        _begin(budget, period, spent, now)
        open_holds: dict[str, Any] = {column: budget.period_start}
        holds.filter(state=Hold.State.OPEN).update(**open_holds)
    budget.limit_nano, budget.period = limit_nano, period
    budget.save()
    return {name: pair for name, pair in what.items() if pair[0] != pair[1]}


def _begin(budget: Budget, period: str, spent: QuerySet[Generation], now: datetime) -> None:
    """Count what was spent in the period that is now under way."""
    start = period_start(period, now)
    budget.period_start = start
    if start is None:
        budget.spent_nano = budget.spent_total_nano
    else:
        since = spent.filter(created_at__gte=datetime.combine(start, time.min, UTC))
        budget.spent_nano = since.aggregate(sum=Sum("cost_nano", default=0))["sum"]


def _shown(amount_nano: int | None) -> str | None:
    return None if amount_nano is None else format_amount(amount_nano)
