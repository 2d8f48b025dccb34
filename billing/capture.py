"""How a hold ends: settled by whoever opened it, or recovered after its process died.

Pure operations on a Book, like those of billing.ledger. A hold is `open`, then `captured` (charged)
or `voided` (nothing to charge); from a dead process first `recovered`, which a settlement that
comes late after all corrects.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from billing.book import OVERRUN, REVENUE, Book, GenerationRow, HoldRow
from billing.ledger import Operation
from billing.refusals import HoldMissing

# A provider that reports more than this for one generation is wrong: a million dollars.
COST_MAX_NANO = 10**15


def _release(book: Book, hold: HoldRow, charge_nano: int, state: str) -> None:
    """Close an open hold: the charge leaves the account, the rest is free again."""
    account = book.account(hold.account_id)
    account.held_nano -= hold.amount_nano
    for budget, period_start in hold.charged_budgets(book.budget(hold.key_id)):
        budget.held_nano -= hold.amount_nano
        budget.count(charge_nano, period_start)
    if charge_nano:
        book.transfer(
            f"cap:{hold.id}", hold.account_id, REVENUE, charge_nano, kind="capture", ref=hold.id
        )
    hold.state = state
    hold.charged_nano = charge_nano


def _record(book: Book, generation: GenerationRow, charge_nano: int) -> None:
    generation.cost_nano = charge_nano
    if generation.key_id not in book.budgets:
        generation.key_id = None  # the key was deleted meanwhile
    generation.fit()
    book.generations[generation.id] = generation


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
        assert self.generation is not None
        hold = book.hold(self.hold_id)
        actual = min(self.cost_nano, COST_MAX_NANO)
        if hold is None:
            if actual:
                raise HoldMissing
        elif hold.state == "open":
            charge = actual if self.overrun == "charge" else min(actual, hold.amount_nano)
            _release(book, hold, charge, "captured" if charge else "voided")
            self._absorb(book, actual - charge)
        elif hold.state == "recovered":
            charge = actual if self.overrun == "charge" else self._affordable(book, hold, actual)
            _adjust(book, hold, charge)
            self._absorb(book, actual - charge)
        else:
            return hold.charged_nano
        charged = 0 if hold is None else hold.charged_nano
        _record(book, self.generation, charged)
        return charged

    def _absorb(self, book: Book, excess_nano: int) -> None:
        if excess_nano > 0:
            id = f"over:{self.hold_id}"
            book.transfer(id, OVERRUN, REVENUE, excess_nano, kind="overrun", ref=self.hold_id)

    def _affordable(self, book: Book, hold: HoldRow, actual: int) -> int:
        """What recovery released may be spent by now, and no limit may ever be overstepped."""
        left = book.account(hold.account_id).available_nano
        for budget, period_start in hold.charged_budgets(book.budget(hold.key_id)):
            limit_left = budget.available_nano
            if limit_left is not None and budget.period_start == period_start:
                left = min(left, limit_left)
        return min(actual, hold.amount_nano, hold.charged_nano + max(0, left))


def _adjust(book: Book, hold: HoldRow, charge_nano: int) -> None:
    """Correct what recovery charged to `charge_nano`."""
    more = charge_nano - hold.charged_nano
    if more:
        kind, id = ("adjust", f"adjust:{hold.id}") if hold.charged_nano else (
            "capture", f"cap:{hold.id}",
        )  # fmt: skip
        debit, credit = (hold.account_id, REVENUE) if more > 0 else (REVENUE, hold.account_id)
        book.transfer(id, debit, credit, abs(more), kind=kind, ref=hold.id)
        for budget, period_start in hold.charged_budgets(book.budget(hold.key_id)):
            budget.count(more, period_start)
    hold.state = "captured" if charge_nano or hold.charged_nano else "voided"
    hold.charged_nano = charge_nano


@dataclass(slots=True)
class Recover(Operation):
    """Close a hold whose process died: charge what was delivered, else nothing.

    The result is the charge, or None when the hold was closed meanwhile. If the process lives after
    all, its settlement corrects this.
    """

    def apply(self, book: Book) -> int | None:
        hold = book.holds.get(self.hold_id)
        if hold is None or hold.state != "open":
            return None
        book.hold(self.hold_id)
        charge = min(hold.amount_nano, hold.progress_nano)
        _release(book, hold, charge, "recovered")
        if charge:
            generation = GenerationRow.from_json(json.loads(hold.details))
            generation.finish_reason = "error"
            generation.tokens_completion = hold.progress_tokens
            generation.native_tokens_completion = hold.progress_tokens
            _record(book, generation, charge)
        return charge
