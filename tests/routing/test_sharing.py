"""Processes tell each other of endpoints in trouble, through a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess

import pytest
import redis.asyncio
from gateway_process import free_port

from routing.health import Health
from routing.sharing import channel_name, share

WAIT_S = 15
ROME, PARIS = 7, 8  # endpoints
NONSENSE = [
    b"", b"{", b"[]", b"[1,2]", b'["x",[["y"]]]', b'["x",[[1,2,3,"z"]]]',
    b'["x",[[1,-5,' + b"9" * 40 + b",1e300]]]",
]  # fmt: skip


@contextlib.contextmanager
def running(program, port):
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def server(tool, port):
    with running(tool("redis-server"), port):
        yield


async def until(condition):
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def sharing(port, *healths, database=0):
    url = f"redis://127.0.0.1:{port}/{database}"
    tasks = [
        asyncio.create_task(share(health, url, f"process {n}")) for n, health in enumerate(healths)
    ]
    try:
        yield tasks
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def pair():
    return Health(is_shared=True), Health(is_shared=True)


async def subscribers(port, database):
    async with redis.asyncio.from_url(f"redis://127.0.0.1:{port}/{database}") as client:
        ((_, count),) = await client.pubsub_numsub(channel_name(client))
        return count


async def joined(port, count, database=0):
    async with asyncio.timeout(WAIT_S):
        while True:
            with contextlib.suppress(redis.asyncio.RedisError, OSError):
                if await subscribers(port, database) == count:
                    return
            await asyncio.sleep(0.05)


def test_what_one_process_sees_the_other_knows(server, port):
    async def story():
        alice, bob = pair()
        async with sharing(port, alice, bob):
            await joined(port, 2)
            alice.failed(ROME)
            await until(lambda: not bob.is_stable(ROME))
            # Four answers stand beside the failure, wherever they came from.
            for _ in range(4):
                bob.succeeded(ROME)
            await until(lambda: alice.is_stable(ROME))

    asyncio.run(story())


def test_a_refused_credential_is_told_with_its_minute(server, port):
    async def story():
        alice, bob = pair()
        async with sharing(port, alice, bob):
            await joined(port, 2)
            alice.failed(ROME, eject_s=60)
            await until(lambda: not bob.is_stable(ROME))
            for _ in range(9):
                bob.succeeded(ROME)
            assert not bob.is_stable(ROME)

    asyncio.run(story())


def test_a_site_with_another_database_of_the_same_redis_hears_nothing(server, port):
    async def story():
        (alice, bob), (neighbour, twin) = pair(), pair()
        async with sharing(port, alice, bob), sharing(port, neighbour, twin, database=1):
            await joined(port, 2)
            await joined(port, 2, database=1)
            alice.failed(ROME)
            await until(lambda: not bob.is_stable(ROME))
            # A later word of the neighbours has arrived, so an earlier one of ours would have.
            twin.failed(PARIS)
            await until(lambda: not neighbour.is_stable(PARIS))
            assert neighbour.is_stable(ROME) and twin.is_stable(ROME)
            assert alice.is_stable(PARIS)

    asyncio.run(story())


def test_messages_that_make_no_sense_are_ignored(server, port):
    async def story():
        alice, bob = pair()
        async with sharing(port, alice, bob):
            await joined(port, 2)
            async with redis.asyncio.from_url(f"redis://127.0.0.1:{port}/0") as client:
                for message in NONSENSE:
                    await client.publish(channel_name(client), message)
            alice.failed(ROME)
            await until(lambda: not bob.is_stable(ROME))

    asyncio.run(story())


def test_redis_may_come_late_and_go_and_come_back(tool, port, caplog):
    caplog.set_level("INFO", "routing.sharing")

    async def story():
        alice, bob = pair()
        async with sharing(port, alice, bob):
            await until(lambda: "Redis is away" in caplog.text)
            for _ in range(2):
                with running(tool("redis-server"), port):
                    await joined(port, 2)
                    alice.failed(ROME)
                    await until(lambda: not bob.is_stable(ROME))
                    for _ in range(4):
                        alice.succeeded(ROME)
                    await until(lambda: bob.is_stable(ROME))
                caplog.clear()
                await until(lambda: caplog.text.count("Redis is away") == 2)
            # Nobody waits for it, and what was seen meanwhile is no news when it is back.
            alice.failed(ROME)
            assert not alice.is_stable(ROME)

    asyncio.run(story())
