"""The whole product in processes: simulator, database, server; nothing inside it is replaced.

`Template` is a migrated database with the catalog in it, or without; `Gateway` a server on a copy.
"""

from __future__ import annotations

import collections
import contextlib
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from simulator_process import Simulator

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
DEADLINE_S = 30
_serial = itertools.count(1)
# Not the one that a test's seed sets: what is drawn must differ between runs side by side.
_draw = random.SystemRandom()
# Each server has its own, as sites that share a Redis must, and gives it back at its end: some last
# for the whole session. No more than these run at once.
_redis_databases = collections.deque(range(1, 16))


def unique(word="wire"):
    """A word that no other request of this run has, to find a request by."""
    return f"{word}{os.getpid()}x{next(_serial)}z"


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """The first true value of `condition()`."""
    until = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"waited {deadline_s} s in vain for {what}")
        time.sleep(0.01)
    return value


def free_port():
    """Free until its server listens there, even while others try to connect to it.

    Not one of those that the kernel gives to connections: one of them may be given it meanwhile,
    and whoever connects to it while nobody listens may even meet himself there.
    """
    while True:
        port = _draw.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def run(command, environment):
    """What a command says that must succeed; a text is for the shell."""
    done = subprocess.run(
        command, shell=isinstance(command, str),
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _server_of(database_url):
    """A connection to the PostgreSQL server for making and dropping databases."""
    return psycopg.connect(database_url, autocommit=True)


def _named(database_url, name):
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))


def _own_redis(redis_url):
    return redis_url and _named(redis_url, _redis_databases.popleft())


class Template:
    """A database that servers are given copies of: SQLite files, or databases on PostgreSQL."""

    def __init__(self, folder, server_url):
        self.folder = folder
        self.server_url = server_url
        self.names = []
        self.url = self._new()
        environment = {**os.environ, "DATABASE_URL": self.url, "DATA_DIR": str(folder)}
        run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
        self.empty_url = self._new(self.url)
        run([sys.executable, "manage.py", "load_catalog"], environment)

    def _new(self, template=None):
        name = f"wire_{os.getpid()}_{next(_serial)}"
        if not self.server_url:
            path = self.folder / f"{name}.sqlite3"
            if template:
                shutil.copy(template.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        copied = f" TEMPLATE {urlsplit(template).path[1:]}" if template else ""
        with contextlib.closing(_server_of(self.server_url)) as server:
            server.execute(f"CREATE DATABASE {name}{copied}")
        self.names.append(name)
        return _named(self.server_url, name)

    def copy(self, is_empty=False):
        return self._new(self.empty_url if is_empty else self.url)

    def drop(self):
        if self.names:
            with contextlib.closing(_server_of(self.server_url)) as server:
                for name in self.names:
                    server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Desk:
    """A line to tests/gateway_desk.py: `desk("key", email=...)`. Safe to use from many threads."""

    def __init__(self, environment):
        self._lock = threading.Lock()
        program = "import django; django.setup(); import gateway_desk; gateway_desk.main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, text=True,
            env={**environment, "PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __call__(self, do, **arguments):
        with self._lock:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        answer = json.loads(line or '{"error": "the desk died"}')
        assert "error" not in answer, answer["error"]
        return answer["ok"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


@dataclass(frozen=True)
class Caller:
    key: str
    key_id: int
    user_id: int


class Gateway:
    """A running server. `start` it after the desk has changed what must be there from the start."""

    def __init__(self, template, simulator: Simulator, folder, is_empty=False, **environment):
        self.simulator = simulator
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = template.copy(is_empty)
        self._redis_url = _own_redis(os.environ.get("REDIS_URL", ""))
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "openrouter_site.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self._redis_url,
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "UNCONFIGURED_PROVIDER_URL": f"http://127.0.0.1:{simulator.port}/{{slug}}",
            "DRAIN_TIMEOUT_S": "10",
            # Tests are in a hurry; those of the limits turn them on.
            "RATE_LIMITS": "0",
            **environment,
        }
        self.desk = Desk(self.environment)
        self.process = None
        self.log_path = folder / "server.log"

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "openrouter_site.server"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._is_up, "the server")
        return self

    def _is_up(self):
        assert self.process.poll() is None, self.log()
        return self.is_healthy()

    def is_healthy(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def is_left_by(self, client):
        """Close this connection; the server, which answers in the order of its sockets' news, has
        seen it when this returns."""
        client.close()
        assert self.is_healthy()

    def caller(self, credits="5", limit=None, email=None, **more):
        """A new account (or the one of `email`) with credits in dollars, and a key of it."""
        email = email or f"{unique('alice')}@example.com"
        return Caller(**self.desk("key", email=email, credits=credits, limit=limit, **more))

    def sql(self, query, *parameters):
        return self.desk("sql", query=query, parameters=parameters)

    def provider_is_at(self, simulator, slug, path):
        """Its own address, where whoever has a credential is sent, is in this simulator."""
        self.sql(
            "UPDATE catalog_provider SET base_url = %s WHERE slug = %s",
            f"http://127.0.0.1:{simulator.port}{path}", slug,
        )  # fmt: skip

    def log(self):
        """Nothing yet of a server that was made and not started."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def upstream(self, marker):
        """The simulator's records of requests whose body has `marker`, oldest first."""
        return self.simulator.control("GET", f"/_log?text={marker}")["data"]

    def open_gate(self, name):
        """Requests with `[[simulate gate=name]]` go on."""
        self.simulator.request("POST", "/_gates", name.encode())

    def open_holds(self, caller=None):
        """All, or this caller's alone: on a server that others use, theirs may be open still."""
        found = self.sql("SELECT id, account_id FROM billing_hold WHERE state = 'open'")
        return [row for row in found if not caller or row["account_id"] == f"user:{caller.user_id}"]

    @contextlib.contextmanager
    def locked(self):
        """Inside, nobody else can write to the ledger: a slow disk, seen from the server."""
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield
                connection.execute("ROLLBACK")
        else:
            with contextlib.closing(psycopg.connect(self.database_url)) as connection:
                connection.execute("LOCK TABLE billing_account, billing_hold")
                yield
                connection.rollback()

    def verify(self):
        """Nothing is held any more and every balance is the sum of its transfers."""
        wait_until(lambda: not self.open_holds(), "all holds to be settled")
        verified = self.desk("command", name="verify_ledger")
        assert verified["status"] == 0, verified["output"]
        assert self.sql(_NOT_THE_SUM) == []
        assert self.sql("SELECT * FROM billing_keybudget WHERE held_nano <> 0") == []

    def ask_to_stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """SIGTERM; the exit status."""
        self.ask_to_stop()
        return self.process.wait(timeout=DEADLINE_S)

    def close(self):
        try:
            if self.process is not None and self.process.poll() is None:
                self.stop()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.desk.close()
            if self._redis_url:
                _redis_databases.append(int(self._redis_url.rpartition("/")[2]))
                self._redis_url = ""


_NOT_THE_SUM = """
    SELECT * FROM (
        SELECT a.id, a.posted_nano, a.held_nano,
            (SELECT COALESCE(SUM(amount_nano), 0) FROM billing_transfer WHERE credit = a.id)
          - (SELECT COALESCE(SUM(amount_nano), 0) FROM billing_transfer WHERE debit = a.id) AS total
        FROM billing_account AS a) AS sums
    WHERE posted_nano <> total OR held_nano <> 0"""
