"""Every way money moves, as pure operations on a Book (design/money.md).

    Admit     set credits aside before any byte goes upstream
    Resize    the same hold for a dearer model
    Progress  how much of it was delivered so far
    Settle    charge what was used, release the rest, record the generation; once
    Recover   what the reaper does to a hold whose process died
    Transfer  grants, corrections and refunds, by an id that makes them happen once

Each names the rows it needs; `apply` either raises a LedgerError and changes nothing, or changes
the book. All are safe to repeat: a lost answer to a COMMIT is resolved by doing it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.book import (
    OVERRUN,
    REVENUE,
    USER_PREFIX,
    AccountRow,
    Book,
    BudgetRow,
    GenerationRow,
    HoldRow,
)


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


class KeyDisabled(LedgerError):
    """The key was disabled or deleted, or its user is inactive."""


class AccountFrozen(LedgerError):
    """A dispute froze the account."""


class HoldMissing(LedgerError):
    """No such hold, or it is not open any more."""


class TransferConflict(LedgerError):
    """A transfer of this id exists and says something else."""


@dataclass(slots=True)
class Operation:
    """What an operation touches, so that the rows can be locked before it runs."""

    account_id: str = ""
    key_id: int = 0
    hold_id: str = ""
    transfer_id: str = ""

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
    left = budget.available_nano
    if left is not None and left < granted:
        if left < minimum_nano:
            raise KeyLimitExceeded(
                left, minimum_nano, budget.limit_nano or 0, budget.spent_nano + budget.held_nano
            )
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
            return existing.amount_nano
        account, budget = book.accounts[self.account_id], book.budgets.get(self.key_id)
        if budget is not None:
            budget.roll(book.now)
        granted = _checked(account, budget, self.amount_nano, self.minimum_nano)
        if granted <= 0 or budget is None:
            return 0
        book.account(self.account_id).held_nano += granted
        book.budget(self.key_id)
        budget.held_nano += granted
        book.add_hold(
            HoldRow(
                id=self.hold_id,
                account_id=self.account_id,
                key_id=self.key_id,
                amount_nano=granted,
                period_start=budget.period_start,
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
        if budget is not None:
            budget.held_nano += granted
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


def _release(book: Book, hold: HoldRow, charge_nano: int, state: str) -> None:
    """Close an open hold: the charge leaves the account, the rest is free again."""
    account = book.account(hold.account_id)
    account.held_nano -= hold.amount_nano
    budget = book.budget(hold.key_id)
    if budget is not None:
        budget.held_nano -= hold.amount_nano
    _spend(budget, hold, charge_nano)
    if charge_nano:
        book.transfer(
            f"cap:{hold.id}", hold.account_id, REVENUE, charge_nano, kind="capture", ref=hold.id
        )
    hold.state = state
    hold.charged_nano = charge_nano


def _spend(budget: BudgetRow | None, hold: HoldRow, charge_nano: int) -> None:
    """Count a charge. One from a period that is over does not burden the current one."""
    if budget is None:
        return
    budget.spent_total_nano += charge_nano
    if budget.period_start == hold.period_start:
        budget.spent_nano += charge_nano


@dataclass(slots=True)
class Settle(Operation):
    """Charge `cost_nano`, release the rest, record the generation.

    The result is what was charged: never more than the hold, unless `overrun` is "charge"; with
    "absorb" the excess is ours. Repeated, it charges nothing more. After a recovery (our process
    was thought dead) the difference is adjusted, once.
    """

    cost_nano: int = 0
    generation: GenerationRow | None = None
    overrun: str = "absorb"

    def apply(self, book: Book) -> int:
        generation = self.generation
        assert generation is not None
        hold = book.hold(self.hold_id)
        actual = self.cost_nano
        if hold is None:
            if actual:
                raise HoldMissing
        elif hold.state == "open":
            charge = actual if self.overrun == "charge" else min(actual, hold.amount_nano)
            _release(book, hold, charge, "captured" if charge else "voided")
            if actual > charge:
                book.transfer(
                    f"over:{hold.id}", OVERRUN, REVENUE, actual - charge,
                    kind="overrun", ref=hold.id,
                )  # fmt: skip
        elif hold.state == "recovered":
            self._adjust(book, hold, min(actual, hold.amount_nano))
        else:
            return hold.charged_nano
        generation.cost_nano = 0 if hold is None else hold.charged_nano
        book.generations[generation.id] = generation
        return generation.cost_nano

    def _adjust(self, book: Book, hold: HoldRow, charge_nano: int) -> None:
        more = charge_nano - hold.charged_nano
        debit, credit = (hold.account_id, REVENUE) if more > 0 else (REVENUE, hold.account_id)
        if more:
            book.transfer(f"adjust:{hold.id}", debit, credit, abs(more), kind="adjust", ref=hold.id)
            _spend(book.budget(hold.key_id), hold, more)
        hold.state = "captured"
        hold.charged_nano = charge_nano


@dataclass(slots=True)
class Recover(Operation):
    """Close a hold whose process died: charge what was delivered, else nothing.

    The result is the charge, or None when the hold was closed meanwhile.
    """

    def apply(self, book: Book) -> int | None:
        hold = book.holds.get(self.hold_id)
        if hold is None or hold.state != "open":
            return None
        book.hold(self.hold_id)
        charge = min(hold.amount_nano, hold.progress_nano)
        _release(book, hold, charge, "recovered" if charge else "voided")
        if charge:
            details = json.loads(hold.details)
            details["created_at"] = datetime.fromisoformat(details["created_at"])
            generation = GenerationRow(**details)
            generation.cost_nano = charge
            generation.finish_reason = "error"
            generation.tokens_completion = hold.progress_tokens
            generation.native_tokens_completion = hold.progress_tokens
            book.generations[hold.id] = generation
        return charge


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
        book.transfer(
            self.transfer_id, self.debit, self.credit, self.amount_nano,
            kind=self.kind, ref=self.ref, reason=self.reason,
        )  # fmt: skip
        return True
