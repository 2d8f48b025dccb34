"""How an account stands: what is there, what is set aside, and what that means for requests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from accounts.models import User
from billing.balances import account_row
from billing.credits import account_id

# Less than a cent pays for hardly any request: low whatever else the user calls so.
_CENT_NANO = 10_000_000


class Level(Enum):
    """Frozen and negative accounts are refused everything with 402, free models too; an empty one
    is refused what costs something (billing.ledger)."""

    FROZEN = "frozen"
    NEGATIVE = "negative"
    EMPTY = "empty"
    LOW = "low"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Standing:
    """`held_nano` is set aside for requests that are under way; `threshold_nano` is what the user
    calls low, 0 for never."""

    posted_nano: int
    held_nano: int
    frozen: bool
    threshold_nano: int

    @property
    def available_nano(self) -> int:
        return self.posted_nano - self.held_nano

    @property
    def level(self) -> Level:
        if self.frozen:
            return Level.FROZEN
        if self.posted_nano < 0:
            return Level.NEGATIVE
        if self.available_nano <= 0:
            return Level.EMPTY
        return Level.LOW if self.available_nano < self.low_nano else Level.FINE

    @property
    def low_nano(self) -> int:
        """Below this it is low."""
        return max(self.threshold_nano, _CENT_NANO)


def threshold_nano(user: User) -> int:
    """What this user calls low, or what the operator does; 0: never."""
    return settings.LOW_BALANCE_NANO if user.low_balance_nano is None else user.low_balance_nano


def standing(user: User) -> Standing:
    """One query."""
    row = account_row(account_id(user))
    return Standing(row.posted_nano, row.held_nano, row.frozen, threshold_nano(user))
