"""How payments move money, as pure operations on a Book (design/money.md, T4 and refunds).

    TopUp          a checkout was paid: credits in, and the fee to our fees; once
    BeginRefund    unspent credits leave the account, before Stripe is asked to pay them back
    NoteRefund     what Stripe says of a refund, ours or the operator's
    NoteDispute    what Stripe says of a dispute: debited and frozen, or given back
    Freeze         an operator freezes or unfreezes an account

Events come repeated and in any order. A row only moves on to a later state (pending, failed, paid;
requested, pending, succeeded, failed; new, open, won or lost), and what an event is worth does not
depend on other events, so that every order ends in the same balances.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing.book import Book
from billing.ledger import Operation
from billing.payments.book import FEES, STRIPE_CLEARING, TEST_PAYMENTS, CheckoutRow
from billing.refusals import AccountFrozen, InsufficientCredits, LedgerError


class NotRefundable(LedgerError):
    """The checkout was not paid with money, or less than this is left of it."""

    def __init__(self, refundable_nano: int) -> None:
        super().__init__(refundable_nano)
        self.refundable_nano = refundable_nano


@dataclass(slots=True)
class PaymentOperation(Operation):
    """Its rows exist before; `account_id` is that of the checkout."""

    checkout_id: str = ""
    refund_id: str = ""
    dispute_id: str = ""

    def checkout(self, book: Book) -> CheckoutRow:
        return book.payments.checkouts[self.checkout_id]


def _take(book: Book, id: str, checkout: CheckoutRow, amount: int, fee: int, kind: str) -> None:
    """Money of a checkout goes back: from the account, and of the fee its part."""
    book.transfer(id, checkout.account_id, STRIPE_CLEARING, amount, kind=kind, ref=checkout.id)
    if fee:
        book.transfer(f"{id}:fee", FEES, STRIPE_CLEARING, fee, kind=kind, ref=checkout.id)


def _return(book: Book, id: str, checkout: CheckoutRow, amount: int, fee: int, kind: str) -> None:
    """It did not go back after all."""
    book.transfer(id, STRIPE_CLEARING, checkout.account_id, amount, kind=kind, ref=checkout.id)
    if fee:
        book.transfer(f"{id}:fee", STRIPE_CLEARING, FEES, fee, kind=kind, ref=checkout.id)


@dataclass(slots=True)
class TopUp(PaymentOperation):
    """Credit a checkout that was paid. True: now; False: it was credited before."""

    payment_intent_id: str | None = None

    def apply(self, book: Book) -> bool:
        row = self.checkout(book)
        if row.state == "paid":
            return False
        row.state = "paid"
        row.paid_at = book.now
        row.payment_intent_id = self.payment_intent_id or row.payment_intent_id
        source, kind = STRIPE_CLEARING, "top_up"
        if row.kind == "test":
            source, kind = TEST_PAYMENTS, "test"
        book.transfer(
            f"top:{row.id}", source, row.account_id, row.amount_nano, kind=kind, ref=row.id
        )
        if row.fee_nano:
            book.transfer(f"fee:{row.id}", source, FEES, row.fee_nano, kind="fee", ref=row.id)
        return True


@dataclass(slots=True)
class BeginRefund(PaymentOperation):
    """Take unspent credits out of the account; the result is the refund's state.

    Checked and debited in one transaction, before Stripe is called (design/money.md).
    """

    def apply(self, book: Book) -> str:
        refund, row = book.payments.refunds[self.refund_id], self.checkout(book)
        if refund.state != "requested":
            return refund.state
        account = book.accounts[row.account_id]
        if account.frozen:
            raise AccountFrozen
        if row.state != "paid" or row.kind == "test":
            raise NotRefundable(0)
        if refund.amount_nano > row.refundable_nano:
            raise NotRefundable(max(0, row.refundable_nano))
        if refund.amount_nano > account.available_nano:
            raise InsufficientCredits(account.available_nano, refund.amount_nano)
        _take(book, f"ref:{refund.id}", row, refund.amount_nano, refund.fee_nano, "pay_refund")
        row.refunded_nano += refund.amount_nano
        refund.state = "pending"
        return refund.state


@dataclass(slots=True)
class NoteRefund(PaymentOperation):
    """Stripe says that a refund is `pending`, `succeeded` or `failed`; the result is its state.

    One that the operator made at Stripe is debited as it comes, spent or not: the money is gone.
    """

    status: str = "pending"

    def apply(self, book: Book) -> str:
        refund, row = book.payments.refunds[self.refund_id], self.checkout(book)
        amounts = (refund.amount_nano, refund.fee_nano)
        if refund.state == "failed":
            return refund.state
        if self.status == "failed":
            if refund.state != "requested":
                _return(book, f"unref:{refund.id}", row, *amounts, "pay_refund")
                row.refunded_nano -= refund.amount_nano
            refund.state = "failed"
            return refund.state
        if refund.state == "requested":
            _take(book, f"ref:{refund.id}", row, *amounts, "pay_refund")
            row.refunded_nano += refund.amount_nano
        if refund.state != "succeeded":
            refund.state = self.status
        return refund.state


@dataclass(slots=True)
class NoteDispute(PaymentOperation):
    """A dispute is `open`, `won` or `lost`; the result is its state.

    It debits and freezes; usage is kept. Won, the money comes back and the account is unfrozen
    unless another dispute freezes it. Lost, it stays debited, and frozen until an operator acts.
    """

    outcome: str = "open"

    def apply(self, book: Book) -> str:
        dispute, row = book.payments.disputes[self.dispute_id], self.checkout(book)
        amounts = (dispute.amount_nano, dispute.fee_nano)
        if dispute.state in ("won", "lost"):
            return dispute.state
        if self.outcome == "won":
            if dispute.state == "open":
                _return(book, f"undis:{dispute.id}", row, *amounts, "dispute")
                row.disputed_nano -= dispute.amount_nano
                dispute.state = "won"
                if not any(
                    other.freezes and other.account_id == row.account_id
                    for other in book.payments.disputes.values()
                ):
                    _set_frozen(book, row.account_id, False)
            dispute.state = "won"
            return dispute.state
        if dispute.state == "new":
            _take(book, f"dis:{dispute.id}", row, *amounts, "dispute")
            row.disputed_nano += dispute.amount_nano
            _set_frozen(book, row.account_id, True)
        dispute.state = self.outcome
        return dispute.state


@dataclass(slots=True)
class Freeze(PaymentOperation):
    """An operator freezes an account, or lets it go on in spite of its disputes.

    The result is whether that changed anything.
    """

    frozen: bool = True

    def apply(self, book: Book) -> bool:
        changed = book.accounts[self.account_id].frozen != self.frozen
        if not self.frozen:
            for dispute in book.payments.disputes.values():
                if dispute.account_id == self.account_id:
                    dispute.released = dispute.released or dispute.freezes
        _set_frozen(book, self.account_id, self.frozen)
        return changed


def _set_frozen(book: Book, account_id: str, frozen: bool) -> None:
    book.accounts[account_id].frozen = frozen
    book.payments.frozen.add(account_id)
