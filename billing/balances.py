"""What an account and a key have left to spend, read from the rows of money (read only).

Amounts are nano-dollars; a key's limit may count anew each UTC day, week or month.
"""

from __future__ import annotations

from datetime import datetime

from billing.book import is_over
from billing.models import Account, KeyBudget


def account_row(account_id: str) -> Account:
    return Account.objects.filter(pk=account_id).first() or Account(pk=account_id)


def budget_row(key_id: int, now: datetime) -> KeyBudget:
    """The key's budget as of now: what was spent in a period that is over does not count."""
    budget = KeyBudget.objects.filter(pk=key_id).first() or KeyBudget(pk=key_id)
    if is_over(budget.period, budget.period_start, now):
        budget.spent_nano = 0
    return budget


def left_nano(account: Account, budget: KeyBudget) -> int:
    """What the next request can spend: the lesser of account and key limit; may be negative."""
    left = 0 if account.frozen else account.posted_nano - account.held_nano
    if budget.limit_nano is None:
        return left
    return min(left, budget.limit_nano - budget.spent_nano - budget.held_nano)


def credits_left(account_id: str, key_id: int, now: datetime) -> int:
    """`left_nano`, in two queries."""
    return left_nano(account_row(account_id), budget_row(key_id, now))
