"""What an account and a key have left and have used, read from the rows of money (read only).

Amounts are nano-dollars; days, weeks (from Monday) and months begin at 00:00 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum

from accounts.keys import Key
from billing import balances
from billing.book import CORRECTIONS, PROMO, REVENUE
from billing.limit_figures import free_requests_since, requests_per_second
from billing.models import Generation, MemberBudget, Transfer
from billing.periods import begin_of, next_begin


def credits_left(key: Key, now: datetime) -> int:
    """What the next request can spend: the lesser of account and key limit; may be negative."""
    return balances.credits_left(key.account_id, key.id, now)


@dataclass(frozen=True, slots=True)
class AccountCredits:
    """All the credits a user ever got, and what of them went to us. The difference is left."""

    granted_nano: int
    used_nano: int


def account_credits(key: Key) -> AccountCredits:
    """Account-wide, whichever of the user's keys asks."""
    paid = Q(debit=key.account_id, credit=REVENUE)
    paid_back = Q(debit=REVENUE, credit=key.account_id)
    sums = Transfer.objects.filter(paid | paid_back).aggregate(
        paid=Sum("amount_nano", filter=paid, default=0),
        paid_back=Sum("amount_nano", filter=paid_back, default=0),
    )
    used_nano = sums["paid"] - sums["paid_back"]
    left_nano = balances.account_row(key.account_id).posted_nano
    return AccountCredits(granted_nano=left_nano + used_nano, used_nano=used_nano)


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """What GET /key tells. `total_nano` is for ever; the limit counts in its own period.

    `own_*`: what providers charged to the user's own keys there, which is no part of the others.
    """

    requests_per_second: int
    total_nano: int
    daily_nano: int
    weekly_nano: int
    monthly_nano: int
    limit_nano: int | None
    limit_remaining_nano: int | None
    limit_reset: str | None
    is_free_tier: bool
    free_requests_today: int
    own_total_nano: int = 0
    own_daily_nano: int = 0
    own_weekly_nano: int = 0
    own_monthly_nano: int = 0
    member_budget: MemberBudget | None = None
    member_resets_at: datetime | None = None


def _spent_since(key: Key, begins: list[datetime]) -> tuple[list[int], list[int]]:
    """The cost of the key's generations since each of these moments, and what was charged to the
    user's own provider keys since then, and ever; in one query."""
    sums: dict[str, Sum] = {"own": Sum("upstream_cost_nano", default=0)}
    for number, begin in enumerate(begins):
        since = Q(created_at__gte=begin)
        sums[f"ours_{number}"] = Sum("cost_nano", filter=since, default=0)
        sums[f"own_{number}"] = Sum("upstream_cost_nano", filter=since, default=0)
    counted = Q(created_at__gte=min(begins)) | Q(is_byok=True)
    found = Generation.objects.filter(counted, key_id=key.id).aggregate(**sums)
    places = range(len(begins))
    ours = [found[f"ours_{number}"] for number in places]
    return ours, [*(found[f"own_{number}"] for number in places), found["own"]]


def _free_requests_today(key: Key, now: datetime) -> int:
    """The day's limit on free models is the user's, whichever of his keys is used."""
    return free_requests_since(key.user_id, begin_of("daily", now)).count()


def _has_paid(key: Key) -> bool:
    """Whether credits ever came in that were no present, correction or refund of ours."""
    gifts = (PROMO, REVENUE, CORRECTIONS)
    return Transfer.objects.filter(credit=key.account_id).exclude(debit__in=gifts).exists()


def key_usage(key: Key, now: datetime) -> KeyUsage:
    """Five queries: account, budgets, the sums of the month, today's free requests, payments."""
    account = balances.account_row(key.account_id)
    budget, member = balances.budgets(key.id, now)
    (daily, weekly, monthly), own = _spent_since(
        key, [begin_of(period, now) for period in ("daily", "weekly", "monthly")]
    )
    limit = budget.limit_nano
    return KeyUsage(
        requests_per_second=requests_per_second(balances.left_nano(account, (budget, member))),
        total_nano=budget.spent_total_nano,
        daily_nano=daily,
        weekly_nano=weekly,
        monthly_nano=monthly,
        limit_nano=limit,
        limit_remaining_nano=None if limit is None else max(0, limit - budget.spent_nano),
        limit_reset=budget.period or None,
        is_free_tier=not _has_paid(key),
        free_requests_today=_free_requests_today(key, now),
        own_daily_nano=own[0],
        own_weekly_nano=own[1],
        own_monthly_nano=own[2],
        own_total_nano=own[3],
        member_budget=member,
        member_resets_at=next_begin(member.period, now) if member else None,
    )
