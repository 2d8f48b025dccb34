"""A plain connection to the product's database, for code that must own its transactions.

One SQL text serves both engines: placeholders are `?`, rows are tuples. Django's ORM has its own
connections; this one is for the money writer, the recovery and the health of a process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Protocol

import orjson
import psycopg
from django.conf import settings
from django.db import close_old_connections, connections

# What a lost, locked or unreachable database raises; the operation may be tried again.
OUTAGES = (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError)
BROKEN_RULES = (sqlite3.IntegrityError, psycopg.IntegrityError)

_STATEMENTS_CACHED = 1024
_BUSY_TIMEOUT_S = 5.0
_POSTGRESQL_SESSION = """
    SET lock_timeout = '2s'; SET statement_timeout = '5s';
    SET idle_in_transaction_session_timeout = '5s'; SET synchronous_commit = on;
    SET timezone = 'UTC'
"""


class Connection(Protocol):
    """What both engines offer here."""

    for_update: str
    clock: str

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query; [] for anything else."""

    def table(
        self, types: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> tuple[str, Sequence[Any]]:
        """SQL for these rows, with its parameters: what `INSERT INTO t (...)` takes, or
        `FROM (...) AS v`, with columns named column1, column2, ... `types` are PostgreSQL's."""

    def transaction(self) -> AbstractContextManager[datetime]:
        """BEGIN (SQLite: with the write lock), then COMMIT, or ROLLBACK on an exception.

        Yields when it began, by the database's clock: clocks of processes may differ.
        """

    def snapshot(self) -> AbstractContextManager[None]:
        """All reads inside see one state of the database; nobody who writes waits for us."""

    def seconds_ago(self, seconds: float) -> str:
        """SQL for the moment so long ago by the database's clock."""

    def moment(self, value: datetime) -> Any:
        """A datetime as this engine's driver stores it."""

    def as_datetime(self, value: Any) -> datetime | None: ...

    def as_date(self, value: Any) -> date | None: ...

    def close(self) -> None: ...


class SqliteConnection:
    """WAL and synchronous=FULL: a commit survives a power loss."""

    for_update = ""
    clock = "strftime('%Y-%m-%d %H:%M:%f', 'now')"

    def __init__(self, path: str) -> None:
        self._raw = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_TIMEOUT_S,
            cached_statements=_STATEMENTS_CACHED,
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._raw.execute(f"PRAGMA {pragma}")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._raw.execute(sql, parameters).fetchall()

    def table(
        self, types: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> tuple[str, Sequence[Any]]:
        group = f"({','.join('?' * len(types))})"
        values = ",".join([group] * len(rows))
        return f"VALUES {values}", [value for row in rows for value in row]

    @contextmanager
    def transaction(self) -> Iterator[datetime]:
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield datetime.now(UTC)
            self._raw.execute("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._raw.execute("BEGIN")
        try:
            yield
        finally:
            self._raw.execute("ROLLBACK")

    def seconds_ago(self, seconds: float) -> str:
        return f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-{seconds:.3f} seconds')"

    def moment(self, value: datetime) -> str:
        # As Django spells it: no fraction in a whole second. These texts are compared with its own.
        return str(value.astimezone(UTC).replace(tzinfo=None))

    def as_datetime(self, value: Any) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)

    def as_date(self, value: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)

    def close(self) -> None:
        self._raw.close()


@lru_cache(maxsize=_STATEMENTS_CACHED)
def _percent_placeholders(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


class PostgresqlConnection:
    """Values are put into the text by the driver, so that a batch of any size is one round trip."""

    for_update = " FOR UPDATE"
    clock = "now()"

    def __init__(self, database: dict[str, Any]) -> None:
        self._raw = psycopg.connect(
            dbname=database["NAME"],
            user=database["USER"] or None,
            password=database["PASSWORD"] or None,
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            connect_timeout=2,
            # A host that vanished is noticed in seconds, not after the two hours of TCP.
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=2,
            tcp_user_timeout=6_000,
            autocommit=True,
            cursor_factory=psycopg.ClientCursor,
        )
        self._raw.execute(_POSTGRESQL_SESSION)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self._raw.execute(_percent_placeholders(sql), parameters)
        return cursor.fetchall() if cursor.description else []

    def table(
        self, types: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> tuple[str, Sequence[Any]]:
        # One JSON text instead of thousands of values: a fourth of the time of a large INSERT.
        names = [f"column{number}" for number in range(1, len(types) + 1)]
        columns = ", ".join(f"{name} {type}" for name, type in zip(names, types, strict=True))
        document = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()
        return f"SELECT * FROM json_to_recordset(?::json) AS r({columns})", [document]

    @contextmanager
    def transaction(self) -> Iterator[datetime]:
        # Two statements in one round trip; the second has the answer.
        cursor = self._raw.execute("BEGIN; SELECT now()")
        cursor.nextset()
        (began,) = cursor.fetchall()[0]
        try:
            yield began.astimezone(UTC)
            self._raw.execute("COMMIT")
        except BaseException:
            if not self._raw.closed:
                self._raw.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._raw.execute("SET LOCAL statement_timeout = 0")
        try:
            yield
        finally:
            if not self._raw.closed:
                self._raw.execute("ROLLBACK")

    def seconds_ago(self, seconds: float) -> str:
        return f"(now() - interval '{seconds:.3f} seconds')"

    def moment(self, value: datetime) -> datetime:
        return value

    def as_datetime(self, value: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def as_date(self, value: Any) -> date | None:
        return None if value is None else value

    def close(self) -> None:
        self._raw.close()


@contextmanager
def orm_connection() -> Iterator[None]:
    """Inside, a thread that serves no request may use the ORM; its connection is given back after.

    As Django does around a request. In the middle of a transaction nothing happens.
    """
    _close_old_connection()
    try:
        yield
    finally:
        _close_old_connection()


def _close_old_connection() -> None:
    if not connections["default"].in_atomic_block:
        close_old_connections()


def connect() -> Connection:
    """A new connection to the default database; raises one of OUTAGES."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("postgresql"):
        return PostgresqlConnection(database)
    return SqliteConnection(str(database["NAME"]))
