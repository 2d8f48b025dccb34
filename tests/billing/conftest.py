"""A real database for each test of money: a copy of a migrated SQLite file, or the PostgreSQL
server of DATABASE_URL with a database of our own. pytest-django's cannot be used: it empties
tables by DELETE, and transfers refuse that."""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import closing

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connections

from billing import verify
from openrouter_site import database

_URL = os.environ.get("DATABASE_URL", "")
ON_POSTGRESQL = _URL.startswith("postgres")


def pytest_configure(config):
    config.addinivalue_line("markers", "database: runs on the database that DATABASE_URL names")


def pytest_collection_modifyitems(items):
    for item in items:
        if "ledger_database" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


def _point_to(name, host=None, port=None):
    """Let the ORM and database.connect() use this database."""
    connections.close_all()
    if ON_POSTGRESQL:
        connections["default"].close_pool()
    for row in (django_settings.DATABASES["default"], connections.settings["default"]):
        row["NAME"] = name
        if host is not None:
            row["HOST"], row["PORT"] = host, port


def _server(sql):
    with closing(psycopg.connect(_URL, autocommit=True)) as server:
        server.execute(sql)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory, django_db_blocker):
    """Name (of a file, or at the server) of a migrated database with no rows."""
    before = django_settings.DATABASES["default"]["NAME"]
    name = f"billing_{os.getpid()}"
    if ON_POSTGRESQL:
        _server(f"CREATE DATABASE {name}")
    else:
        name = str(tmp_path_factory.mktemp("ledger") / "migrated.sqlite3")
    try:
        with django_db_blocker.unblock():
            _point_to(name)
            call_command("migrate", verbosity=0)
            _point_to(before)
        yield name
    finally:
        if ON_POSTGRESQL:
            _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def ledger_database(migrated_database, tmp_path, django_db_blocker, monkeypatch, settings):
    """An empty ledger; when the test is over, the checker must find nothing to say."""
    row = django_settings.DATABASES["default"]
    before = (row["NAME"], row.get("HOST"), row.get("PORT"))
    name = migrated_database
    if not ON_POSTGRESQL:
        name = shutil.copy(migrated_database, tmp_path / "ledger.sqlite3")
    # A test's database need not survive a power loss, and it waits for nobody for long.
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_S", 2.0)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock():
        _point_to(str(name))
        if ON_POSTGRESQL:
            _empty()
        try:
            yield
        finally:
            _point_to(*before)


def _empty():
    with closing(database.connect()) as connection:
        tables = connection.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename ~"
            " '^(billing_|accounts_|catalog_|django_session|django_admin)'"
        )
        # Transfers refuse even this, but for replication.
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"TRUNCATE {tables[0][0]} RESTART IDENTITY CASCADE")


@pytest.fixture
def fresh_database(ledger_database, migrated_database, tmp_path):
    """Empties the ledger each time it is called."""
    serial = itertools.count()

    def fresh():
        if ON_POSTGRESQL:
            _empty()
        else:
            copy = tmp_path / f"fresh{next(serial)}.sqlite3"
            _point_to(str(shutil.copy(migrated_database, copy)))

    return fresh


@pytest.fixture
def books(ledger_database):
    """The usual ledger of a test: verified at its end."""
    yield
    assert [str(difference) for difference in verify.check()] == []


@pytest.fixture
def connection(ledger_database):
    with closing(database.connect()) as connection:
        yield connection


@pytest.fixture
def database_url(ledger_database):
    """For processes that the test starts."""
    row = django_settings.DATABASES["default"]
    if not ON_POSTGRESQL:
        return f"sqlite:///{row['NAME']}"
    password = f":{row['PASSWORD']}" if row["PASSWORD"] else ""
    return f"postgresql://{row['USER']}{password}@{row['HOST']}:{row['PORT']}/{row['NAME']}"


@pytest.fixture
def point_to():
    """Change where PostgreSQL is reached: `point_to(port)`."""
    return lambda port: _point_to(django_settings.DATABASES["default"]["NAME"], "127.0.0.1", port)
