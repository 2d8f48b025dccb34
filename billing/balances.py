"""What an account, a key and its member have left to spend, read from the rows (read only).

Amounts are nano-dollars; a limit may count anew each UTC day, week or month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from accounts.models import ApiKey
from billing.book import is_over
from billing.models import Account, Budget, KeyBudget, MemberBudget

Row = TypeVar("Row", bound=Budget)


def account_row(account_id: str) -> Account:
    return Account.objects.filter(pk=account_id).first() or Account(pk=account_id)


def budgets(key_id: int, now: datetime) -> tuple[KeyBudget, MemberBudget | None]:
    """The key's budget and its member's as of now, in one query; None for a key that is nobody's
    but the owner's, and where the member spent nothing yet."""
    row = ApiKey.objects.filter(pk=key_id).select_related("budget", "member__budget").first()
    member = getattr(row.member, "budget", None) if row and row.member else None
    return as_of(getattr(row, "budget", KeyBudget(pk=key_id)), now), member and as_of(member, now)


def as_of(row: Row, now: datetime) -> Row:
    """What was spent in a period that is over does not count."""
    if is_over(row.period, row.period_start, now):
        row.spent_nano = 0
    return row


def left_nano(account: Account, limits: Sequence[Budget | None]) -> int:
    """What the next request can spend: the least of account and limits; may be negative."""
    left = 0 if account.frozen else account.posted_nano - account.held_nano
    for budget in limits:
        if budget is not None and budget.limit_nano is not None:
            left = min(left, budget.limit_nano - budget.spent_nano - budget.held_nano)
    return left


def credits_left(account_id: str, key_id: int, now: datetime) -> int:
    """`left_nano`, in two queries."""
    return left_nano(account_row(account_id), budgets(key_id, now))
