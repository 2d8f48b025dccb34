"""What of a generation's cost may still be given back, read while its payer is locked."""

from __future__ import annotations

from collections.abc import Collection

from billing.book import USER_PREFIX, Book
from openrouter_site.database import Connection

# Corrections of a recovery (adjust) are part of the cost; only they may lower it.
_MOVED = """
    SELECT ref, debit, credit, amount_nano FROM billing_transfer
    WHERE kind IN ('capture', 'adjust', 'refund') AND ref IN ({marks})"""


def load_refundable(connection: Connection, book: Book, generation_ids: Collection[str]) -> None:
    """Fill `book.refundable`. Call it after the accounts are locked."""
    if not generation_ids:
        return
    sql = _MOVED.format(marks=",".join("?" * len(generation_ids)))
    for ref, debit, credit, amount_nano in connection.execute(sql, sorted(generation_ids)):
        is_charge = debit.startswith(USER_PREFIX)
        payer, left_nano = book.refundable.get(ref, (debit if is_charge else credit, 0))
        moved_nano = amount_nano if is_charge else -amount_nano
        book.refundable[ref] = (payer, left_nano + moved_nano)
