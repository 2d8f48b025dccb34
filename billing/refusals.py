"""Why the ledger refuses an operation; nothing changed then. Amounts are nano-dollars.

LedgerError
+-- InsufficientCredits   the account cannot cover it
+-- KeyLimitExceeded      the key's limit cannot
|   +-- MemberBudgetExceeded
+-- KeyDisabled
+-- AccountFrozen
+-- HoldMissing
+-- TransferConflict
+-- RefundTooLarge        more than is left of what the generation cost
"""

from __future__ import annotations


class LedgerError(Exception):
    """The operation was refused; nothing changed."""


class InsufficientCredits(LedgerError):
    """The account cannot cover it. `available_nano` is what it could (may be negative)."""

    def __init__(self, available_nano: int, wanted_nano: int) -> None:
        super().__init__(available_nano, wanted_nano)
        self.available_nano = available_nano
        self.wanted_nano = wanted_nano


class KeyLimitExceeded(LedgerError):
    """The key's limit cannot cover it."""

    def __init__(
        self, available_nano: int, wanted_nano: int, limit_nano: int, spent_nano: int
    ) -> None:
        super().__init__(available_nano, wanted_nano, limit_nano, spent_nano)
        self.available_nano = available_nano
        self.wanted_nano = wanted_nano
        self.limit_nano = limit_nano
        self.spent_nano = spent_nano


class MemberBudgetExceeded(KeyLimitExceeded):
    """The budget of the member whose key it is cannot cover it."""


class KeyDisabled(LedgerError):
    """The key was disabled or deleted, or its user is inactive or no more a member."""


class AccountFrozen(LedgerError):
    """A dispute froze the account."""


class HoldMissing(LedgerError):
    """No such hold, or it is not open any more."""


class TransferConflict(LedgerError):
    """A transfer of this id exists and says something else."""


class RefundTooLarge(LedgerError):
    """All refunds together would be more than the generation cost; `left_nano` is what is left."""

    def __init__(self, left_nano: int, wanted_nano: int) -> None:
        super().__init__(left_nano, wanted_nano)
        self.left_nano = left_nano
        self.wanted_nano = wanted_nano
