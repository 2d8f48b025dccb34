"""One transaction for many operations: lock rows, apply, write what changed, commit.

The only SQL that moves money. Rows are locked in one order everywhere (accounts, keys, holds; each
by id), so batches of several processes cannot deadlock. Between the lock and the commit the book
is the truth, so verdicts need no round trips, and a hot account is written once for a whole batch.
SQLite has the whole database locked by BEGIN IMMEDIATE.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from billing import book_rows
from billing.book import AccountRow, Book, BudgetRow, HoldRow, TransferRow
from billing.ledger import Operation
from billing.payments import rows as payments
from billing.refundable import load_refundable
from billing.refusals import LedgerError
from openrouter_site.database import Connection

Outcome = Any  # what `apply` returned, or the LedgerError it raised


def run(connection: Connection, operations: Sequence[Operation]) -> list[Outcome]:
    """Apply all in order and commit; an outcome for each, a refusal is a LedgerError.

    Raises what the database raised; then nothing was committed, or nobody knows: run it again.
    """
    with connection.transaction() as now:
        book = _load(connection, operations, now)
        outcomes: list[Outcome] = []
        for operation in operations:
            try:
                outcomes.append(operation.apply(book))
            except LedgerError as refusal:
                outcomes.append(refusal)
        _store(connection, book)
    return outcomes


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _rows(connection: Connection, sql: str, ids: Collection[Any]) -> list[tuple[Any, ...]]:
    """Rows whose id is among `ids`, locked, in the order of their ids."""
    if not ids:
        return []
    return connection.execute(sql.format(marks=_marks(len(ids))), sorted(ids))


def _load(connection: Connection, operations: Sequence[Operation], now: datetime) -> Book:
    book = Book(now=now)
    _load_accounts(connection, book, {id for op in operations for id in op.account_ids()})
    _load_budgets(connection, book, {op.key_id for op in operations if op.key_id})
    _load_holds(connection, book, {op.hold_id for op in operations if op.hold_id})
    _load_transfers(connection, book, {op.transfer_id for op in operations if op.transfer_id})
    payments.load(connection, book, operations)
    load_refundable(connection, book, {op.refund_of for op in operations if op.refund_of})
    return book


def _load_accounts(connection: Connection, book: Book, ids: set[str]) -> None:
    sql = (
        "SELECT id, posted_nano, held_nano, frozen FROM billing_account"
        " WHERE id IN ({marks}) ORDER BY id" + connection.for_update
    )
    found = _rows(connection, sql, ids)
    if missing := ids - {row[0] for row in found}:
        values = ",".join(["(?, 0, 0, FALSE)"] * len(missing))
        connection.execute(
            "INSERT INTO billing_account (id, posted_nano, held_nano, frozen)"
            f" VALUES {values} ON CONFLICT (id) DO NOTHING",
            sorted(missing),
        )
        found = _rows(connection, sql, ids)
    book.accounts = {row[0]: AccountRow(row[0], row[1], row[2], bool(row[3])) for row in found}


# Inactive is who owns the account, or the member whose key it is, or the membership itself.
_BUDGETS = """
    SELECT k.id, b.limit_nano, b.period, b.period_start, b.spent_nano, b.spent_total_nano,
           b.held_nano, b.key_id, k.expires_at, k.member_id,
           k.disabled OR NOT u.is_active
           OR k.member_id IS NOT NULL AND (m.removed_at IS NOT NULL OR NOT p.is_active)
    FROM accounts_apikey AS k JOIN accounts_user AS u ON u.id = k.user_id
    LEFT JOIN billing_keybudget AS b ON b.key_id = k.id
    LEFT JOIN accounts_member AS m ON m.id = k.member_id
    LEFT JOIN accounts_user AS p ON p.id = m.user_id
    WHERE k.id IN ({marks}) ORDER BY k.id"""
_MEMBER_BUDGETS = """
    SELECT member_id, limit_nano, period, period_start, spent_nano, spent_total_nano, held_nano
    FROM billing_memberbudget WHERE member_id IN ({marks}) ORDER BY member_id"""


def _load_budgets(connection: Connection, book: Book, ids: set[int]) -> None:
    # The key's own row is the lock: it exists before its budget does.
    sql = _BUDGETS + (connection.for_update and " FOR UPDATE OF k")
    found = _rows(connection, sql, ids)
    if missing := [row[0] for row in found if row[7] is None]:
        _begin_budgets(connection, "billing_keybudget", "key_id", missing)
        found = _rows(connection, sql, ids)
    _load_members(connection, book, {row[9] for row in found if row[9] is not None})
    for row in found:
        end = connection.as_datetime(row[8])
        budget = _budget(connection, row)
        budget.enabled = not row[10] and (end is None or book.now < end)
        budget.member = book.members.get(row[9])
        book.budgets[row[0]] = budget


def _load_members(connection: Connection, book: Book, ids: set[int]) -> None:
    """The lock of their account, which is taken first, is theirs too."""
    sql = _MEMBER_BUDGETS + connection.for_update
    found = _rows(connection, sql, ids)
    if missing := sorted(ids - {row[0] for row in found}):
        _begin_budgets(connection, "billing_memberbudget", "member_id", missing)
        found = _rows(connection, sql, ids)
    book.members = {row[0]: _budget(connection, row) for row in found}


def _begin_budgets(connection: Connection, table: str, id: str, missing: list[int]) -> None:
    values = ",".join(["(?, NULL, '', NULL, 0, 0, 0)"] * len(missing))
    connection.execute(
        f"INSERT INTO {table} ({id}, limit_nano, period, period_start, spent_nano,"
        f" spent_total_nano, held_nano) VALUES {values} ON CONFLICT ({id}) DO NOTHING",
        missing,
    )


def _budget(connection: Connection, row: tuple[Any, ...]) -> BudgetRow:
    return BudgetRow(
        id=row[0],
        limit_nano=row[1],
        period=row[2],
        period_start=connection.as_date(row[3]),
        spent_nano=row[4],
        spent_total_nano=row[5],
        held_nano=row[6],
    )


def _load_holds(connection: Connection, book: Book, ids: set[str]) -> None:
    sql = (
        "SELECT id, account_id, key_id, amount_nano, period_start, member_period_start,"
        " progress_nano, progress_tokens, charged_nano, state, details FROM billing_hold"
        " WHERE id IN ({marks}) ORDER BY id" + connection.for_update
    )
    for row in _rows(connection, sql, ids):
        start, member_start = connection.as_date(row[4]), connection.as_date(row[5])
        book.holds[row[0]] = HoldRow(row[0], row[1], row[2], row[3], start, member_start, *row[6:])


def _load_transfers(connection: Connection, book: Book, ids: set[str]) -> None:
    sql = (
        "SELECT id, debit, credit, amount_nano, kind, ref, reason, created_at, actor"
        " FROM billing_transfer WHERE id IN ({marks}) ORDER BY id"
    )
    for row in _rows(connection, sql, ids):
        moment = connection.as_datetime(row[7]) or book.now
        book.known_transfers[row[0]] = TransferRow(*(*row[:7], moment, row[8]))


def _store(connection: Connection, book: Book) -> None:
    book_rows.store(connection, book)
    payments.store(connection, book)
