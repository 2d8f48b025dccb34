"""PostgreSQL crashes, stalls, cuts a COMMIT and has no connection left, under load (F11): nothing
is charged twice or lost, clients are told 503 and never 401, and it is over when the fault is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter

import psycopg
import pytest
from chaos_books import check_money
from chaos_clients import Clients
from chaos_size import sized
from gateway_process import Gateway, Template, wait_until
from postgres_proxy import PostgresProxy

PER_S = sized(25, 50)
PAUSE_S = sized(1.0, 5)
COMMITS_LOST = sized(5, 100)
BACK_WITHIN_S = 15  # five on a machine that is not busy with other tests
MODEL = "openai/gpt-3.5-turbo"


@pytest.fixture(scope="module")
def gateway(own_postgresql, fast_simulator, tmp_path_factory):
    template = Template(tmp_path_factory.mktemp("template"), own_postgresql.url)
    proxy = PostgresProxy("127.0.0.1", own_postgresql.port)
    made = Gateway(
        template, fast_simulator, tmp_path_factory.mktemp("gateway"),
        PGSSLMODE="disable", PGGSSENCMODE="disable", TIMEOUT_SCALE="0.3",
    )  # fmt: skip
    made.proxy = proxy
    # The server goes through the proxy; the desk does not.
    made.environment["DATABASE_URL"] = made.database_url.replace(
        f":{own_postgresql.port}/", f":{proxy.port}/"
    )
    yield made.start()
    made.close()
    proxy.close()


@contextlib.contextmanager
def nobody_else_fits(server, gateway):
    """Others have all connections, and the server must ask for its own again."""
    with contextlib.ExitStack() as stack:
        mine = stack.enter_context(contextlib.closing(psycopg.connect(server.url, autocommit=True)))
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(100):
                stack.enter_context(contextlib.closing(psycopg.connect(server.url)))
        gateway.proxy.cut()
        gateway.proxy.is_down = False
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(100):
                stack.enter_context(contextlib.closing(psycopg.connect(server.url)))
        assert mine.execute("SELECT 1").fetchone() == (1,)
        yield


async def under_load(gateway, caller, fault):
    """What clients were told before, during and after `fault`, and how long it takes to be back."""
    clients = Clients(gateway, caller, MODEL)
    loading = asyncio.create_task(clients.come(PER_S, PAUSE_S + 1))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(fault)
    ended_s = time.monotonic()
    while time.monotonic() < ended_s + BACK_WITHIN_S:
        if all(each.is_whole for each in await clients.come(10, 0.5)):
            break
    else:
        raise AssertionError("not served again")
    back_s = time.monotonic() - ended_s - 0.5
    await loading
    return clients.answered, back_s


def crash(server, gateway):
    server.restart_immediately()


def stall(server, gateway):
    with server.paused():
        time.sleep(PAUSE_S)


def cut_in_commit(server, gateway):
    gateway.proxy.lose_commits, before = COMMITS_LOST, gateway.proxy.lost
    until = time.monotonic() + PAUSE_S
    while gateway.proxy.lose_commits and time.monotonic() < until:
        time.sleep(0.01)
    gateway.proxy.lose_commits = 0
    assert gateway.proxy.lost > before


def exhaust(server, gateway):
    with nobody_else_fits(server, gateway):
        time.sleep(PAUSE_S)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("fault", [crash, stall, cut_in_commit, exhaust], ids=lambda f: f.__name__)
def test_faults_of_postgresql_cost_nobody_anything(own_postgresql, gateway, fault):
    caller = gateway.caller(credits="10000")
    answered, back_s = asyncio.run(
        under_load(gateway, caller, lambda: fault(own_postgresql, gateway))
    )
    statuses = Counter((each.status, (each.error or {}).get("code")) for each in answered)
    print(f"{fault.__name__}: {dict(statuses)}; served again after {max(0, back_s):.1f} s")
    for each in answered:
        # An answer under way may end with an error in its stream; none is a caller's mistake.
        assert each.status in (200, 503), each
        assert (each.error or {"code": 503})["code"] in (502, 503), each
    assert any(each.is_whole for each in answered)
    reopen(gateway)
    check_money(gateway, caller, answered)


@pytest.mark.timeout(180)
def test_keys_that_nobody_can_check_are_no_wrong_keys(own_postgresql, gateway):
    """None of them is remembered, and no connection is to be had: 503, not 401."""
    callers = [gateway.caller() for _ in range(4)]

    async def ask():
        asking = [Clients(gateway, caller, MODEL).ask() for caller in callers]
        return await asyncio.gather(*asking)

    with nobody_else_fits(own_postgresql, gateway):
        told = Counter(each.status for each in asyncio.run(ask()))
    print(f"unknown keys without a database: {dict(told)}")
    assert set(told) <= {200, 503}
    assert told[503] > 0
    reopen(gateway)
    began_s = time.monotonic()
    wait_until(lambda: {each.status for each in asyncio.run(ask())} == {200}, "keys", BACK_WITHIN_S)
    print(f"all known again after {time.monotonic() - began_s:.1f} s")


def reopen(gateway):
    """The desk's own connection did not survive either."""
    with contextlib.suppress(AssertionError):
        gateway.sql("SELECT 1")
    assert gateway.sql("SELECT 1 AS one") == [{"one": 1}]
