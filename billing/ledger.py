"""Every way money moves, as pure operations on a Book (design/money.md).

    Admit     set credits aside before any byte goes upstream
    Resize    the same hold for a dearer model
    Progress  how much of it was delivered so far
    Transfer  grants and corrections, by an id that makes them happen once
    Refund    likewise, of a generation: all refunds together are at most what it cost

and in billing.capture, how a hold ends:

    Settle    charge what was used, release the rest, record the generation; once
    Recover   what the reaper does to a hold whose process died

Each names the rows it needs; `apply` either raises a LedgerError and changes nothing, or changes
the book. All are safe to repeat: a lost answer to a COMMIT is resolved by doing it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from billing.book import (
    USER_PREFIX,
    AccountRow,
    Book,
    BudgetRow,
    HoldRow,
)
from billing.refusals import (
    AccountFrozen,
    HoldMissing,
    InsufficientCredits,
    KeyDisabled,
    KeyLimitExceeded,
    MemberBudgetExceeded,
    RefundTooLarge,
    TransferConflict,
)


@dataclass(slots=True)
class Operation:
    """What an operation touches, so that the rows can be locked before it runs."""

    account_id: str = ""
    key_id: int = 0
    hold_id: str = ""
    transfer_id: str = ""
    refund_of: str = ""

    def account_ids(self) -> tuple[str, ...]:
        return (self.account_id,) if self.account_id else ()

    def apply(self, book: Book) -> object:
        raise NotImplementedError


def _checked(
    account: AccountRow, budget: BudgetRow | None, wanted_nano: int, minimum_nano: int
) -> int:
    """How much of `wanted` can be set aside, `minimum` at least; raises LedgerError."""
    if budget is None or not budget.enabled:
        raise KeyDisabled
    if account.frozen:
        raise AccountFrozen
    if account.posted_nano < 0 or account.available_nano < minimum_nano:
        raise InsufficientCredits(account.available_nano, minimum_nano)
    granted = min(wanted_nano, account.available_nano)
    for limited in budget.each():
        left = limited.available_nano
        if granted > 0 and left is not None and left < granted:
            if left < minimum_nano:
                exceeded = KeyLimitExceeded if limited is budget else MemberBudgetExceeded
                spent_nano = limited.spent_nano + limited.held_nano
                raise exceeded(left, minimum_nano, limited.limit_nano or 0, spent_nano)
            granted = left
    return granted


@dataclass(slots=True)
class Admit(Operation):
    """Set aside up to `amount`, `minimum` at least; the result is the amount granted.

    An amount of 0 (a free model) leaves no hold, but a negative balance refuses it too (seed).
    """

    amount_nano: int = 0
    minimum_nano: int = 0
    details: str = "{}"
    instance_id: str = ""
    ttl_s: float = 1080

    def apply(self, book: Book) -> int:
        existing = book.holds.get(self.hold_id)
        if existing is not None:
            if existing.state != "open" or existing.account_id != self.account_id:
                raise HoldMissing
            return existing.amount_nano
        account, budget = book.accounts[self.account_id], book.budgets.get(self.key_id)
        if budget is not None:
            for each in budget.each():
                each.roll(book.now)
        # What costs something is never admitted without a hold, however small.
        minimum_nano = max(self.minimum_nano, 1) if self.amount_nano else 0
        granted = _checked(account, budget, self.amount_nano, minimum_nano)
        if granted <= 0 or budget is None:
            return 0
        book.account(self.account_id).held_nano += granted
        book.budget(self.key_id)
        for each in budget.each():
            each.held_nano += granted
        book.add_hold(
            HoldRow(
                id=self.hold_id,
                account_id=self.account_id,
                key_id=self.key_id,
                amount_nano=granted,
                period_start=budget.period_start,
                member_period_start=budget.member.period_start if budget.member else None,
                details=self.details,
                instance_id=self.instance_id,
                created_at=book.now,
                expires_at=book.now + timedelta(seconds=self.ttl_s),
            )
        )
        return granted


@dataclass(slots=True)
class Resize(Operation):
    """Make an open hold `amount` large (a fallback model may be dearer); the result is that."""

    amount_nano: int = 0
    minimum_nano: int = 0

    def apply(self, book: Book) -> int:
        hold = book.hold(self.hold_id)
        if hold is None or hold.state != "open":
            raise HoldMissing
        if self.minimum_nano <= hold.amount_nano and self.amount_nano <= hold.amount_nano:
            return hold.amount_nano
        more = self.amount_nano - hold.amount_nano
        account, budget = book.account(hold.account_id), book.budget(hold.key_id)
        granted = _checked(account, budget, more, max(0, self.minimum_nano - hold.amount_nano))
        account.held_nano += granted
        for each in budget.each() if budget else ():
            each.held_nano += granted
        hold.amount_nano += granted
        return hold.amount_nano


@dataclass(slots=True)
class Progress(Operation):
    """What was delivered so far. Never less than before; nothing once the hold is closed.

    The result tells whether the stream may go on: "" or who forbids it, "key" or "account".
    """

    progress_nano: int = 0
    progress_tokens: int = 0

    def apply(self, book: Book) -> str:
        hold = book.holds.get(self.hold_id)
        if hold is not None and hold.state == "open" and self.progress_nano > hold.progress_nano:
            book.hold(self.hold_id)
            hold.progress_nano = self.progress_nano
            hold.progress_tokens = self.progress_tokens
        budget = book.budgets.get(self.key_id)
        if budget is None or not budget.enabled:
            return "key"
        return "account" if book.accounts[self.account_id].frozen else ""


@dataclass(slots=True)
class Transfer(Operation):
    """Money in or out of a user's account. `transfer_id` makes it happen once.

    The result is False when exactly this transfer was made before.
    """

    debit: str = ""
    credit: str = ""
    amount_nano: int = 0
    kind: str = "grant"
    ref: str = ""
    reason: str = ""
    actor: str = ""

    def account_ids(self) -> tuple[str, ...]:
        return tuple(id for id in (self.debit, self.credit) if id.startswith(USER_PREFIX))

    def apply(self, book: Book) -> bool:
        done = book.known_transfers.get(self.transfer_id) or book.transfers.get(self.transfer_id)
        if done is not None:
            if (done.debit, done.credit, done.amount_nano) != (
                self.debit, self.credit, self.amount_nano,
            ):  # fmt: skip
                raise TransferConflict(self.transfer_id)
            return False
        self.check(book)
        book.transfer(
            self.transfer_id, self.debit, self.credit, self.amount_nano,
            kind=self.kind, ref=self.ref, reason=self.reason, actor=self.actor,
        )  # fmt: skip
        return True

    def check(self, book: Book) -> None:
        """Raises a LedgerError when it may not happen; it did not happen before."""


@dataclass(slots=True)
class Refund(Transfer):
    """Give back what the generation `refund_of` cost, or a part of it, to who paid for it.

    The account is locked, so refunds of one generation take turns and see each other.
    """

    def check(self, book: Book) -> None:
        payer, left_nano = book.refundable.get(self.refund_of, ("", 0))
        if payer != self.credit or self.amount_nano > left_nano:
            raise RefundTooLarge(left_nano if payer == self.credit else 0, self.amount_nano)
        book.refundable[self.refund_of] = (payer, left_nano - self.amount_nano)
