"""Limits in a real Redis: exact over processes; and what happens when it is not well."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from gateway_process import free_port
from redis_server import running

from billing.shared_windows import Asked, RedisAway, SharedWindows
from billing.windows import DAY_US, Day, Window

HERE = Path(__file__).resolve().parent
SECOND_US = 1_000_000
ASKED = Asked("user:1", (Window("surge", 3, 600 * SECOND_US),), None)
WAIT_S = 15
# Longer than in production: a Redis that is well may take a moment where the machine is busy.
CALL_TIMEOUT_S = 0.25


@pytest.fixture
def url(tool):
    with running(tool("redis-server")) as url:
        yield url


def hammered(url, processes, *arguments):
    """All counts of so many processes that begin together."""
    command = [sys.executable, str(HERE / "limits_process.py"), url, *map(str, arguments)]
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(processes)
        ]
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        counts = Counter()
        for process in started:
            counts.update(json.loads(process.stdout.readline()))
    return counts


def test_sixteen_processes_get_exactly_the_limit(url):
    counts = hammered(url, 16, 3, 200, 600 * SECOND_US, 0)
    # A call that came too late for its process was counted by Redis all the same.
    with redis.Redis.from_url(url) as client:
        assert client.llen("openrouter:limits:user:1:one") == 200
    assert 200 - counts["away"] <= counts["admitted"] <= 200
    assert counts["refused"] > 200


def test_processes_share_the_count_of_the_day(url):
    counts = hammered(url, 4, 2, 10_000, SECOND_US, 200)
    assert 200 - counts["away"] <= counts["admitted"] <= 200
    with redis.Redis.from_url(url) as client:
        assert client.hget("openrouter:limits:user:1:day", "used") == b"200"


@contextlib.asynccontextmanager
async def sharing(url):
    shared = SharedWindows(url, CALL_TIMEOUT_S)
    watching = asyncio.create_task(shared.watch())
    try:
        yield shared
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def tries(shared, times, asked=ASKED):
    """ "admitted", "refused" or "away", for each call in turn."""
    found = []
    for _ in range(times):
        try:
            verdict = await shared.take(asked)
            found.append("admitted" if verdict.admitted else "refused")
        except RedisAway:
            found.append("away")
    return found


async def until(condition):
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.02)


def test_what_waits_goes_in_one_call(url):
    async def main():
        async with sharing(url) as shared:
            await shared.take(Asked("user:2", ASKED.windows, None))
            verdicts = await asyncio.gather(*(shared.take(ASKED) for _ in range(500)))
        with redis.Redis.from_url(url) as client:
            calls = client.info("commandstats")
        return verdicts, calls["cmdstat_evalsha"]["calls"]

    verdicts, calls = asyncio.run(main())
    assert sum(verdict.admitted for verdict in verdicts) == 3
    assert calls < 20


def test_a_day_is_given_back_once_and_a_lost_count_is_the_databases(url):
    asked = Asked("user:1", (), Day(2, 0, 0))

    async def main():
        async with sharing(url) as shared:
            assert await tries(shared, 3, asked) == ["admitted", "admitted", "refused"]
            today = (await shared.take(asked)).today
            await shared.give_back("user:1", today - 1)
            assert await tries(shared, 1, asked) == ["refused"]
            await shared.give_back("user:1", today)
            assert await tries(shared, 2, asked) == ["admitted", "refused"]
            with redis.Redis.from_url(url) as client:
                client.flushall()
                client.script_flush()
            known = Asked("user:1", (), Day(2, 1, today))
            assert await tries(shared, 2, known) == ["admitted", "refused"]

    asyncio.run(main())


def test_redis_keeps_no_count_for_ever(url):
    async def main():
        async with sharing(url) as shared:
            await shared.take(Asked("user:1", ASKED.windows, Day(2, 0, 0)))

    asyncio.run(main())
    with redis.Redis.from_url(url) as client:
        found = {key: client.pttl(key) for key in client.scan_iter()}
    assert len(found) == 2
    assert all(0 < ttl_ms <= DAY_US / 1000 for ttl_ms in found.values())


def test_a_redis_that_is_down_is_left_alone_and_found_again(tool, caplog):
    caplog.set_level(logging.INFO, "billing.shared_windows")
    port = free_port()

    async def main():
        async with sharing(f"redis://127.0.0.1:{port}/0") as shared:
            assert await tries(shared, 9) == ["away"] * 9
            assert shared.is_away
            await shared.give_back("user:1", 1)
            with running(tool("redis-server"), port):
                await until(lambda: not shared.is_away)
                assert await tries(shared, 4) == ["admitted"] * 3 + ["refused"]

    asyncio.run(main())
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_redis_that_never_answers_is_given_up_after_a_few_calls():
    calls = []

    async def swallow(reader, writer):
        calls.append(writer)
        while await reader.read(1024):
            pass
        writer.close()

    async def main():
        hole = await asyncio.start_server(swallow, "127.0.0.1", 0)
        port = hole.sockets[0].getsockname()[1]
        async with sharing(f"redis://127.0.0.1:{port}/0") as shared:
            # All at once, and then one after the other.
            found = await asyncio.gather(*(tries(shared, 1) for _ in range(300)))
            found += [await tries(shared, 3000)]
            assert shared.is_away
        hole.close()
        return Counter(word for words in found for word in words)

    assert asyncio.run(main()) == {"away": 3300}
    # One for each call that was tried: so many others did not wait for it.
    assert len(calls) <= 5


@contextlib.asynccontextmanager
async def slow_way_to(url):
    """(URL, delays): answers come `delays[0]` seconds late, also those that nobody waits for."""
    delays, tasks = [0.0], set()

    async def carry(source, sink, is_answer):
        while data := await source.read(65_536):
            await asyncio.sleep(delays[0] if is_answer else 0)
            sink.write(data)
        sink.close()

    async def connect(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        for way in ((reader, back, False), (there, writer, True)):
            task = asyncio.create_task(carry(*way))
            tasks.add(task)

    async with await asyncio.start_server(connect, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", delays
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_answers_of_a_slow_redis_are_never_taken_for_others(url):
    async def main():
        async with slow_way_to(url) as (slow_url, delays), sharing(slow_url) as shared:
            first = Asked("user:1", (Window("surge", 1, 600 * SECOND_US),), None)
            assert await tries(shared, 2, first) == ["admitted", "refused"]
            delays[0] = 0.5
            assert await tries(shared, 9, first) == ["away"] * 9
            assert shared.is_away
            delays[0] = 0.0
            await until(lambda: not shared.is_away)
            for number in range(20):
                other = Asked(f"user:other{number}", first.windows, None)
                assert await tries(shared, 2, other) == ["admitted", "refused"]

    asyncio.run(main())


def test_a_redis_that_is_full_counts_as_away(url):
    async def main():
        async with sharing(url) as shared:
            assert await tries(shared, 1) == ["admitted"]
            with redis.Redis.from_url(url) as client:
                client.config_set("maxmemory", "1")
                assert await tries(shared, 3) == ["away"] * 3
                await asyncio.sleep(1.2)
                assert shared.is_away, "it answers a PING, but takes no writes"
                client.config_set("maxmemory", "0")
            await until(lambda: not shared.is_away)

    asyncio.run(main())


def test_a_redis_that_may_forget_is_told_of(tool, caplog):
    options = ("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")

    async def main(url):
        async with sharing(url):
            await until(lambda: "use noeviction" in caplog.text)

    with running(tool("redis-server"), None, *options) as url:
        asyncio.run(main(url))
