"""What a key may spend: setting it, under the lock that admissions take.

The limit that is in force when this returns is the one that the next admission meets, in every
process. A limit may be set below what is spent: it then admits nothing (design/money.md).
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now

from accounts import key_changes
from accounts.models import ApiKey
from billing.book import USER_PREFIX, is_over, period_start
from billing.models import Account, Generation, Hold, KeyBudget
from openrouter_site.money import format_amount


def set_limit(
    key: ApiKey, limit_nano: int | None, period: str = "", *, actor: str, reason: str = ""
) -> bool:
    """Limit the key to so much in each `period` ("" means in all, None no limit).

    False when it was so already. What a new period has seen spent until now counts in it.
    """
    with transaction.atomic():
        # In the order of billing.batch: account, then key. The account must be among them: a batch
        # that waits for the key's row reads the budget as it was before it waited.
        account, _ = Account.objects.get_or_create(pk=f"{USER_PREFIX}{key.user_id}")
        Account.objects.select_for_update().get(pk=account.pk)
        # The clock is the database's.
        locked = ApiKey.objects.select_for_update().annotate(now=Now()).get(pk=key.pk)
        budget, _ = KeyBudget.objects.get_or_create(key=locked)
        if (budget.limit_nano, budget.period) == (limit_nano, period):
            return False
        what: dict[str, list[str | None]] = {
            "limit": [_shown(budget.limit_nano), _shown(limit_nano)],
            "limit_reset": [budget.period, period],
        }
        if budget.period != period:
            _begin(budget, period, locked.now)
        budget.limit_nano, budget.period = limit_nano, period
        budget.save()
        changed = {name: pair for name, pair in what.items() if pair[0] != pair[1]}
        key_changes.note(locked, changed, actor=actor, reason=reason)
    return True


def _begin(budget: KeyBudget, period: str, now: datetime) -> None:
    """Count what was spent in the period that is now under way, open holds included."""
    start = period_start(period, now)
    budget.period_start = start
    if start is None:
        budget.spent_nano = budget.spent_total_nano
    else:
        begin = datetime.combine(start, time.min, UTC)
        spent = Generation.objects.filter(key_id=budget.pk, created_at__gte=begin)
        budget.spent_nano = spent.aggregate(sum=Sum("cost_nano", default=0))["sum"]
    open_holds = Hold.objects.filter(key_id=budget.pk, state=Hold.State.OPEN)
    open_holds.update(period_start=start)


def spent_in_period(budget: KeyBudget, now: datetime) -> int:
    """What counts against the limit now: nothing of a period that is over."""
    return 0 if is_over(budget.period, budget.period_start, now) else budget.spent_nano


def _shown(amount_nano: int | None) -> str | None:
    return None if amount_nano is None else format_amount(amount_nano)
