"""What a batch changed in its book, written to the database: one statement for each kind of row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from billing.book import AccountRow, Book, BudgetRow, GenerationRow, HoldRow, TransferRow
from billing.late import late_hours
from openrouter_site.database import Connection

_GENERATION_COLUMNS = tuple(field.name for field in fields(GenerationRow))
_TYPES = {"str": "text", "int": "bigint", "bool": "boolean", "datetime": "timestamptz"}
_GENERATION_TYPES = [
    _TYPES[str(field.type).removesuffix(" | None")] for field in fields(GenerationRow)
]
_generation_values = attrgetter(*_GENERATION_COLUMNS)
_CREATED_AT = _GENERATION_COLUMNS.index("created_at")
_GENERATION_UPSERT = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _GENERATION_COLUMNS if name != "id"
)


def store(connection: Connection, book: Book) -> None:
    _update_accounts(connection, [book.accounts[id] for id in sorted(book.touched_accounts)])
    keys = [book.budgets[id] for id in sorted(book.touched_budgets)]
    members = [book.members[id] for id in sorted(book.touched_members)]
    _update_budgets(connection, "billing_keybudget", "key_id", keys)
    _update_budgets(connection, "billing_memberbudget", "member_id", members)
    _insert_holds(connection, book.new_holds.values())
    _update_holds(connection, [book.holds[id] for id in sorted(book.touched_holds)])
    _insert_transfers(connection, book.transfers.values())
    _upsert_generations(connection, book.generations.values())
    _note_late_hours(connection, book)


def _many(
    connection: Connection, sql: str, types: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """One statement for all rows: they take the place of {rows} in `sql`."""
    if rows:
        table, parameters = connection.table(types, rows)
        connection.execute(sql.format(rows=table), parameters)


def _update_accounts(connection: Connection, accounts: Iterable[AccountRow]) -> None:
    _many(
        connection,
        "UPDATE billing_account SET posted_nano = v.column2, held_nano = v.column3"
        " FROM ({rows}) AS v WHERE billing_account.id = v.column1",
        ("text", "bigint", "bigint"),
        [(row.id, row.posted_nano, row.held_nano) for row in accounts],
    )


def _update_budgets(
    connection: Connection, table: str, id: str, budgets: Sequence[BudgetRow]
) -> None:
    _many(
        connection,
        f"UPDATE {table} SET spent_nano = v.column2, spent_total_nano = v.column3,"
        " held_nano = v.column4"
        f" FROM ({{rows}}) AS v WHERE {table}.{id} = v.column1",
        ("bigint",) * 4,
        [(row.id, row.spent_nano, row.spent_total_nano, row.held_nano) for row in budgets],
    )
    for row in budgets:
        if row.rolled:
            connection.execute(
                f"UPDATE {table} SET period_start = ? WHERE {id} = ?",
                (row.period_start and str(row.period_start), row.id),
            )


def _insert_holds(connection: Connection, holds: Iterable[HoldRow]) -> None:
    _many(
        connection,
        "INSERT INTO billing_hold (id, account_id, key_id, period_start, member_period_start,"
        " amount_nano, progress_nano, progress_tokens, charged_nano, state, details, instance_id,"
        " created_at, expires_at) {rows}",
        (
            "text", "text", "bigint", "date", "date", *["bigint"] * 4, "text", "text", "text",
            "timestamptz", "timestamptz",
        ),
        [
            (
                row.id, row.account_id, row.key_id,
                row.period_start and str(row.period_start),
                row.member_period_start and str(row.member_period_start),
                row.amount_nano, row.progress_nano, row.progress_tokens, row.charged_nano,
                row.state, row.details, row.instance_id,
                connection.moment(row.created_at or datetime.now(UTC)),
                connection.moment(row.expires_at or datetime.now(UTC)),
            )
            for row in holds
        ],
    )  # fmt: skip


def _update_holds(connection: Connection, holds: Iterable[HoldRow]) -> None:
    _many(
        connection,
        "UPDATE billing_hold SET amount_nano = v.column2, progress_nano = v.column3,"
        " progress_tokens = v.column4, charged_nano = v.column5, state = v.column6"
        " FROM ({rows}) AS v WHERE billing_hold.id = v.column1",
        ("text", *["bigint"] * 4, "text"),
        [
            (
                row.id, row.amount_nano, row.progress_nano, row.progress_tokens,
                row.charged_nano, row.state,
            )
            for row in holds
        ],
    )  # fmt: skip


def _insert_transfers(connection: Connection, transfers: Iterable[TransferRow]) -> None:
    _many(
        connection,
        "INSERT INTO billing_transfer (id, debit, credit, amount_nano, kind, ref, reason,"
        " created_at, actor) {rows}",
        ("text", "text", "text", "bigint", "text", "text", "text", "timestamptz", "text"),
        [
            (
                row.id, row.debit, row.credit, row.amount_nano, row.kind, row.ref, row.reason,
                connection.moment(row.created_at), row.actor,
            )
            for row in transfers
        ],
    )  # fmt: skip


def _upsert_generations(connection: Connection, generations: Iterable[GenerationRow]) -> None:
    rows = []
    for generation in generations:
        values = list(_generation_values(generation))
        values[_CREATED_AT] = connection.moment(generation.created_at)
        rows.append(values)
    columns = ", ".join(_GENERATION_COLUMNS)
    _many(
        connection,
        f"INSERT INTO billing_generation ({columns}) {{rows}} {_GENERATION_UPSERT}",
        _GENERATION_TYPES,
        rows,
    )


def _note_late_hours(connection: Connection, book: Book) -> None:
    hours = late_hours(book.generations.values(), book.now)
    _many(
        connection,
        "INSERT INTO billing_latehour (user_id, hour) {rows}",
        ("bigint", "timestamptz"),
        [(user_id, connection.moment(hour)) for user_id, hour in hours],
    )
