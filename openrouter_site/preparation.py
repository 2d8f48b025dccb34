"""Bring the data up to date before the start: tables, catalogue, demo account, static files.

All in the supervisor's own process, because each further start of Python and Django costs the
operator most of a second.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from io import StringIO
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

from openrouter_site.preflight import CannotStart, first_line
from openrouter_site.welcome import DemoAccount

POSTGRESQL_CONNECT_TIMEOUT_S = "5"


def prepare(say: Callable[[str], None]) -> DemoAccount | None:
    """Prepare the database and all that lives in it; the demo account, or None in production."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", POSTGRESQL_CONNECT_TIMEOUT_S)
    try:
        django.setup()
        _connect()
        _migrate(say)
        call_command("load_catalog", verbosity=0, stdout=StringIO())
        if settings.PRODUCTION:
            call_command("collectstatic", interactive=False, verbosity=0)
            return None
        # ServeStatic warns of a missing folder, though it needs none outside production.
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        return _demo_account()
    except ImproperlyConfigured as error:
        raise CannotStart(str(error)) from error
    except DatabaseError as error:
        raise CannotStart(
            f"The database {database_name()} cannot be used ({first_line(error)}): "
            "check its permissions and that this version of the product made it."
        ) from error
    finally:
        # The children open their own; a connection must not be kept for days by its parent.
        connections.close_all()


def database_name() -> str:
    """The database for people: never its password."""
    parts = urlsplit(settings.DATABASE_URL)
    if parts.scheme == "sqlite":
        return f"SQLite {connection.settings_dict['NAME']}"
    return f"PostgreSQL {parts.path[1:]} at {parts.hostname or 'localhost'}:{parts.port or 5432}"


def _connect() -> None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CannotStart(
            f"The database {database_name()} cannot be reached ({first_line(error)}): "
            "check DATABASE_URL and that it is running."
        ) from error


def _migrate(say: Callable[[str], None]) -> None:
    """Migrate when there is something to do; to ask takes milliseconds, to migrate a second."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say(f"Preparing the database ({len(plan)} migrations) ...")
        call_command("migrate", interactive=False, verbosity=0)


def _demo_account() -> DemoAccount:
    output = StringIO()
    call_command("demo_account", stdout=output)
    account = json.loads(output.getvalue())
    return DemoAccount(
        account["email"], account["password"], account["api_key"], str(account["credits"])
    )
