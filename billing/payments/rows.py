"""Rows of payments for billing.batch: locked and loaded after accounts, keys and holds, in the
order of their ids, and written back in the same transaction as the transfers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing.book import Book
from billing.ledger import Operation
from billing.payments.book import CheckoutRow, DisputeRow, RefundRow
from billing.payments.ledger import PaymentOperation
from openrouter_site.database import Connection

_CHECKOUTS = (
    "SELECT id, account_id, kind, state, amount_nano, fee_nano, refunded_nano, disputed_nano,"
    " payment_intent_id, paid_at FROM billing_checkout WHERE id IN ({marks}) ORDER BY id"
)
_REFUNDS = (
    "SELECT id, checkout_id, amount_nano, fee_nano, state FROM billing_paymentrefund"
    " WHERE id IN ({marks}) ORDER BY id"
)
# All of the account's: each of them may keep it frozen.
_DISPUTES = (
    "SELECT id, checkout_id, account_id, amount_nano, fee_nano, state, released"
    " FROM billing_paymentdispute WHERE account_id IN ({marks}) ORDER BY id"
)


def load(connection: Connection, book: Book, operations: Sequence[Operation]) -> None:
    """Nothing but a look at their types when no payment is among the operations."""
    ours = [operation for operation in operations if isinstance(operation, PaymentOperation)]
    if not ours:
        return
    rows = book.payments
    for row in _rows(connection, _CHECKOUTS, {op.checkout_id for op in ours}):
        checkout = rows.checkouts[row[0]] = CheckoutRow(*row)
        checkout.paid_at = connection.as_datetime(row[-1])
    for row in _rows(connection, _REFUNDS, {op.refund_id for op in ours}):
        rows.refunds[row[0]] = RefundRow(*row)
    for row in _rows(connection, _DISPUTES, {op.account_id for op in ours}):
        dispute = rows.disputes[row[0]] = DisputeRow(*row)
        dispute.released = bool(row[-1])


def _rows(connection: Connection, sql: str, ids: set[str]) -> list[tuple[Any, ...]]:
    ids = ids - {""}
    if not ids:
        return []
    marks = ",".join("?" * len(ids))
    return connection.execute(sql.format(marks=marks) + connection.for_update, sorted(ids))


def store(connection: Connection, book: Book) -> None:
    rows = book.payments
    for checkout in rows.checkouts.values():
        connection.execute(
            "UPDATE billing_checkout SET state = ?, refunded_nano = ?, disputed_nano = ?,"
            " payment_intent_id = ?, paid_at = ? WHERE id = ?",
            (
                checkout.state, checkout.refunded_nano, checkout.disputed_nano,
                checkout.payment_intent_id,
                checkout.paid_at and connection.moment(checkout.paid_at), checkout.id,
            ),
        )  # fmt: skip
    for refund in rows.refunds.values():
        connection.execute(
            "UPDATE billing_paymentrefund SET state = ? WHERE id = ?", (refund.state, refund.id)
        )
    for dispute in rows.disputes.values():
        connection.execute(
            "UPDATE billing_paymentdispute SET state = ?, released = ? WHERE id = ?",
            (dispute.state, dispute.released, dispute.id),
        )
    for account_id in sorted(rows.frozen):
        connection.execute(
            "UPDATE billing_account SET frozen = ? WHERE id = ?",
            (book.accounts[account_id].frozen, account_id),
        )
