"""What an account and a key have left and have used, read from the rows of money (read only).

Amounts are nano-dollars; days, weeks (from Monday) and months begin at 00:00 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Q, Sum

from accounts.keys import Key
from billing.book import PROMO, REVENUE, is_over, period_start
from billing.models import Account, Generation, KeyBudget, Transfer
from openrouter_site.money import NANO_PER_DOLLAR

# Seed, section Limits.
REQUESTS_PER_SECOND_MIN = 1
REQUESTS_PER_SECOND_MAX = 200
FREE_REQUESTS_PER_DAY = 200
_FREE_SUFFIX = ":free"


def requests_per_second(credits_nano: int) -> int:
    """One request per second for each whole credit (a dollar), at least 1, at most 200 (seed)."""
    credits = credits_nano // NANO_PER_DOLLAR
    return max(REQUESTS_PER_SECOND_MIN, min(REQUESTS_PER_SECOND_MAX, credits))


def _account(key: Key) -> Account:
    return Account.objects.filter(pk=key.account_id).first() or Account(pk=key.account_id)


def _budget(key: Key, now: datetime) -> KeyBudget:
    """The key's budget as of now: what was spent in a period that is over does not count."""
    budget = KeyBudget.objects.filter(pk=key.id).first() or KeyBudget(pk=key.id)
    if is_over(budget.period, budget.period_start, now):
        budget.spent_nano = 0
    return budget


def _left(account: Account, budget: KeyBudget) -> int:
    left = 0 if account.frozen else account.posted_nano - account.held_nano
    if budget.limit_nano is None:
        return left
    return min(left, budget.limit_nano - budget.spent_nano - budget.held_nano)


def credits_left(key: Key, now: datetime) -> int:
    """What the next request can spend: the lesser of account and key limit; may be negative."""
    return _left(_account(key), _budget(key, now))


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
    return AccountCredits(granted_nano=_account(key).posted_nano + used_nano, used_nano=used_nano)


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """What GET /key tells. `total_nano` is for ever; the limit counts in its own period."""

    credits_left_nano: int
    total_nano: int
    daily_nano: int
    weekly_nano: int
    monthly_nano: int
    limit_nano: int | None
    limit_remaining_nano: int | None
    limit_reset: str | None
    is_free_tier: bool
    free_requests_today: int


def _begin(period: str, now: datetime) -> datetime:
    day = period_start(period, now) or date.min
    return datetime.combine(day, time.min, UTC)


def _spent_since(key: Key, begins: list[datetime]) -> list[int]:
    """The cost of the key's generations since each of these moments, in one query."""
    sums = Generation.objects.filter(key_id=key.id, created_at__gte=min(begins)).aggregate(
        **{
            f"since_{number}": Sum("cost_nano", filter=Q(created_at__gte=begin), default=0)
            for number, begin in enumerate(begins)
        }
    )
    return [sums[f"since_{number}"] for number in range(len(begins))]


def _free_requests_today(key: Key, now: datetime) -> int:
    """The day's limit on free models is the user's, whichever of his keys is used."""
    return Generation.objects.filter(
        user_id=key.user_id, created_at__gte=_begin("daily", now), model__endswith=_FREE_SUFFIX
    ).count()


def _has_paid(key: Key) -> bool:
    """Whether credits ever came in that were not a present, nor returned to him by us."""
    return (
        Transfer.objects.filter(credit=key.account_id).exclude(debit__in=(PROMO, REVENUE)).exists()
    )


def key_usage(key: Key, now: datetime) -> KeyUsage:
    """Five queries: account, budget, the sums of the month, today's free requests, payments."""
    account, budget = _account(key), _budget(key, now)
    daily, weekly, monthly = _spent_since(
        key, [_begin(period, now) for period in ("daily", "weekly", "monthly")]
    )
    limit = budget.limit_nano
    return KeyUsage(
        credits_left_nano=_left(account, budget),
        total_nano=budget.spent_total_nano,
        daily_nano=daily,
        weekly_nano=weekly,
        monthly_nano=monthly,
        limit_nano=limit,
        limit_remaining_nano=None if limit is None else max(0, limit - budget.spent_nano),
        limit_reset=budget.period or None,
        is_free_tier=not _has_paid(key),
        free_requests_today=_free_requests_today(key, now),
    )
