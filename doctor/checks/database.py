"""The database: does it answer, is it up to date, can it be written, what time does it have?"""

from __future__ import annotations

import time
from contextlib import closing

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import listed
from openrouter_site.database import OUTAGES, connect
from openrouter_site.preparation import database_name

AREA = "Database"
SKEW_WARN_S, SKEW_BAD_S = 1.0, 30.0


class _TakenBack(Exception):
    """Ends a transaction that only was to show that it can be made."""


def reachable(visit: Visit | None) -> Verdict:
    started_s = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OUTAGES as error:
        return _does_not_answer(error)
    except Exception as error:  # the pool has errors of its own
        return _does_not_answer(error)
    ms = round((time.monotonic() - started_s) * 1000)
    text = f"{database_name()} answers in {ms} ms."
    if connection.vendor == "sqlite" and settings.WORKERS > 1:
        return warn(
            f"{text} SQLite has one writer, and {settings.WORKERS} server processes wait for it.",
            "Use PostgreSQL (DATABASE_URL), or WORKERS=1.",
        )
    return ok(text)


def _does_not_answer(error: Exception) -> Verdict:
    return bad(
        f"{database_name()} does not answer ({type(error).__name__}).",
        "Check that it runs, and DATABASE_URL.",
    )


def migrations(visit: Visit | None) -> Verdict:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        count = len(executor.loader.applied_migrations)
        return ok(f"All {count} migrations are applied.")
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    return bad(f"Not applied: {listed(names)}.", "Run manage.py migrate, then restart.")


def writing(visit: Visit | None) -> Verdict:
    """A row is written and taken back."""
    started_s = time.monotonic()
    with closing(connect()) as plain:
        try:
            with plain.transaction():
                plain.execute(
                    "INSERT INTO doctor_heartbeat (name, at)"
                    f" VALUES ('doctor: never kept', {plain.clock})"
                )
                raise _TakenBack
        except _TakenBack:
            pass
        except OUTAGES as error:
            return bad(
                f"A row cannot be written ({type(error).__name__}).",
                "Look for a full or read-only disk, a standby, and who holds locks.",
            )
    ms = round((time.monotonic() - started_s) * 1000)
    return ok(f"A row was written and taken back in {ms} ms.")


def clock(visit: Visit | None) -> Verdict:
    if connection.vendor == "sqlite":
        return ok("SQLite has the clock of this machine.")
    with closing(connect()) as plain:
        before_s = time.time()
        with plain.transaction() as began:
            after_s = time.time()
    return skew(began.timestamp() - (before_s + after_s) / 2)


def skew(seconds: float) -> Verdict:
    """What it means that the database's clock is so far ahead of ours."""
    if abs(seconds) < SKEW_WARN_S:
        return ok(f"The database's clock and ours differ by {abs(seconds) * 1000:.0f} ms.")
    way = "ahead of" if seconds > 0 else "behind"
    text = f"The database's clock is {abs(seconds):.1f} s {way} ours."
    remedy = "Let both machines keep time by NTP (timedatectl status)."
    return bad(text, remedy) if abs(seconds) >= SKEW_BAD_S else warn(text, remedy)


CHECKS = (
    Check("database.reachable", AREA, "Answers", reachable),
    Check("database.migrations", AREA, "Migrations", migrations),
    Check("database.writing", AREA, "Can be written", writing, timeout_s=8),
    Check("database.clock", AREA, "Clock", clock),
)
