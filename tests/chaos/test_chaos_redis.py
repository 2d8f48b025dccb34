"""Redis is down, silent, slow, emptied or full while servers use it (F10): no request notices,
and money, of which Redis holds none, is exact."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections import Counter

import pytest
import redis
from chaos_books import check_money
from chaos_clients import Clients
from chaos_proxy import Proxy
from chaos_size import IS_LARGE, sized
from gateway_process import free_port, wait_until

PER_S = sized(20, 50)
FAULT_S = sized(0.7, 15.0)
SLOW_S = 0.5
MODEL = "openai/gpt-3.5-turbo"


class Redis:
    def __init__(self, program, folder):
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
             "--appendonly", "no", "--dir", str(folder)],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.proxy = Proxy(self.port)
        wait_until(self.is_up, "Redis")

    def client(self):
        return contextlib.closing(redis.Redis(port=self.port, socket_timeout=5))

    def is_up(self):
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return client.ping()
        return False

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.proxy.close()


@contextlib.contextmanager
def down(server):
    server.proxy.cut()
    yield
    server.proxy.open()


@contextlib.contextmanager
def black_hole(server):
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


@contextlib.contextmanager
def slow(server):
    server.proxy.delay_s = SLOW_S
    yield
    server.proxy.delay_s = 0.0


@contextlib.contextmanager
def emptied(server):
    with server.client() as client:
        client.flushall()
        yield
        client.flushall()


@contextlib.contextmanager
def full(server):
    """Others fill it, and it evicts what it likes."""
    with server.client() as client:
        client.config_set("maxmemory", "2mb")
        client.config_set("maxmemory-policy", "allkeys-random")
        for number in range(2000):
            client.set(f"other:{number}", b"x" * 2000)
        yield
        client.config_set("maxmemory", "0")
        client.flushall()


FAULTS = (down, black_hole, slow, emptied, full)


@pytest.fixture(scope="module")
def server(tool, tmp_path_factory):
    made = Redis(tool("redis-server"), tmp_path_factory.mktemp("redis"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(new_gateway, server):
    """Two servers on one database and one Redis; in the ordinary suite, one for both."""
    environment = {"REDIS_URL": f"redis://127.0.0.1:{server.proxy.port}/0"}
    one = new_gateway(**environment)
    if not IS_LARGE:
        return (one.start(), one)
    other = new_gateway(**environment)
    for name in ("DATABASE_URL", "DATA_DIR"):
        other.environment[name] = one.environment[name]
    return one.start(), other.start()


@pytest.mark.timeout(120 + 10 * FAULT_S)
def test_trouble_of_redis_is_no_trouble_of_requests(server, pair):
    caller = pair[0].caller(credits="100000")
    answered = []

    async def load(seconds):
        clients = [Clients(gateway, caller, MODEL, seed=n) for n, gateway in enumerate(pair)]
        loads = (each.come(PER_S / 2, seconds) for each in clients)
        return [each for some in await asyncio.gather(*loads) for each in some]

    async def story(fault):
        loading = asyncio.create_task(load(FAULT_S + 0.5))
        await asyncio.sleep(0.25)
        with fault(server):
            await asyncio.sleep(FAULT_S)
        return await loading

    for fault in FAULTS:
        began_s = time.monotonic()
        told = asyncio.run(story(fault))
        answered += told
        print(
            f"{fault.__name__}: {dict(Counter(each.status for each in told))} in"
            f" {time.monotonic() - began_s:.1f} s"
        )
        assert told
    failed = [each for each in answered if not each.is_whole]
    assert failed == []
    assert pair[0].is_healthy() and pair[1].is_healthy()
    assert "health is not shared, Redis is away" in pair[0].log()
    check_money(pair[0], caller, answered)
