from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import pytest
from django.db import connections
from statistic_builders import MINUTE_S, NOW_S, Clock, attempt, probe, rename

from routing import statistics
from routing.models import EndpointStatistic, ProviderProbe
from routing.statistics import Statistics

INTERVAL_S = 0.02
PATIENCE_S = 10
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_read_before():
    statistics.forget()
    yield
    statistics.forget()


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(INTERVAL_S / 4)


@contextlib.asynccontextmanager
async def watched(*counted):
    tasks = [asyncio.create_task(each.watch(INTERVAL_S, INTERVAL_S)) for each in counted]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def in_thread(function):
    def call():
        try:
            return function()
        finally:
            connections.close_all()

    return asyncio.to_thread(call)


def lived(counted):
    """The watch begins and ends at once: whatever was counted is written."""

    async def story():
        async with watched(counted):
            await asyncio.sleep(0)

    asyncio.run(story())


def was_read():
    return statistics._cell.peek() is not None


def test_what_is_counted_is_written_and_read_back():
    counted = Statistics("alice")

    async def story():
        async with watched(counted):
            attempt(counted, succeeded=3, failed=1, rate_limited=5)
            counted.served(1, latency_s=0.5, tokens=120, duration_s=2.0)
            await until(lambda: (found := counted.figures(1)) and found.latency_s)

    asyncio.run(story())
    found = counted.figures(1)
    assert found.uptime_5m == found.uptime_30m == found.uptime_1d == 75.0
    assert found.latency_s.p50 == found.latency_5m_s.p99 == pytest.approx(0.5, rel=0.05)
    assert found.throughput.p50 == found.throughput_5m.p99 == pytest.approx(60, rel=0.05)
    assert counted.figures(2) is None
    assert sum(EndpointStatistic.objects.values_list("rate_limited", flat=True)) == 5


def test_an_answer_without_tokens_or_time_has_no_throughput():
    counted = Statistics("alice", Clock(NOW_S))
    counted.served(1, latency_s=0.5, tokens=0, duration_s=2.0)
    counted.served(1, latency_s=0.5, tokens=10, duration_s=0.0)
    lived(counted)
    [row] = EndpointStatistic.objects.all()
    assert (sum(row.latency.values()), row.throughput) == (2, {})


def test_processes_see_what_the_others_counted():
    alice, bob = Statistics("alice"), Statistics("bob")

    async def story():
        async with watched(alice, bob):
            attempt(alice, succeeded=3)
            attempt(bob, failed=1)
            await until(lambda: (found := alice.figures(1)) and found.uptime_5m == 75.0)
            assert bob.figures(1) == alice.figures(1)

    asyncio.run(story())
    assert EndpointStatistic.objects.count() >= 2


def test_a_minute_is_one_row_that_is_rewritten_until_it_is_over():
    clock = Clock(NOW_S)
    counted = Statistics("alice", clock)

    def written():
        rows = EndpointStatistic.objects.order_by("starts_at", "endpoint_id")
        return list(rows.values_list("endpoint_id", "starts_at__minute", "succeeded"))

    async def becomes(expected):
        async with asyncio.timeout(PATIENCE_S):
            while await in_thread(written) != expected:
                await asyncio.sleep(INTERVAL_S)

    async def story():
        async with watched(counted):
            attempt(counted, 1, succeeded=2)
            attempt(counted, 2, succeeded=1)
            await becomes([(1, 20, 2), (2, 20, 1)])
            attempt(counted, 1, succeeded=3)
            await becomes([(1, 20, 5), (2, 20, 1)])
            clock.now_s += MINUTE_S
            attempt(counted, 1, succeeded=1)
            await becomes([(1, 20, 5), (2, 20, 1), (1, 21, 1)])
            # Set back, the clock opens no minute that is written already.
            clock.now_s -= MINUTE_S
            attempt(counted, 1, succeeded=1)
            await becomes([(1, 20, 5), (2, 20, 1), (1, 21, 2)])
        assert list(counted._minutes) == [(NOW_S + MINUTE_S) // MINUTE_S * MINUTE_S]

    asyncio.run(story())


def test_what_did_not_change_is_not_written_again():
    counted = Statistics("alice", Clock(NOW_S))
    attempt(counted, succeeded=1)

    async def story():
        async with watched(counted):
            await until(was_read)
            await in_thread(lambda: EndpointStatistic.objects.all().delete())
            await asyncio.sleep(INTERVAL_S * 5)

    asyncio.run(story())
    assert not EndpointStatistic.objects.exists()


def test_a_last_time_is_written_when_the_watch_ends():
    counted = Statistics("alice", Clock(NOW_S))

    async def story():
        async with watched(counted):
            await until(was_read)
            attempt(counted, succeeded=2)

    asyncio.run(story())
    assert [row.succeeded for row in EndpointStatistic.objects.all()] == [2]


def test_a_restart_forgets_nothing():
    before = Statistics("alice")
    attempt(before, succeeded=3, failed=1)
    lived(before)
    statistics.forget()
    after = Statistics("bob")

    async def story():
        async with watched(after):
            await until(lambda: after.figures(1))
            attempt(after, succeeded=4)
            await until(lambda: after.figures(1).uptime_5m == 87.5)

    asyncio.run(story())


def test_an_outage_of_the_database_harms_nothing_and_is_told_once(caplog):
    counted = Statistics("alice")
    table = EndpointStatistic._meta.db_table

    async def story():
        async with watched(counted) as [task]:
            attempt(counted, succeeded=1)
            await until(lambda: counted.figures(1))
            await in_thread(lambda: rename(table, "away"))
            attempt(counted, failed=3)
            await until(lambda: "cannot be written" in caplog.text)
            await asyncio.sleep(INTERVAL_S * 5)
            assert counted.figures(1).uptime_5m == 100.0 and not task.done()
            await in_thread(lambda: rename("away", table))
            await until(lambda: counted.figures(1).uptime_5m == 25.0)
            await until(lambda: "read again" in caplog.text)

    with caplog.at_level(logging.INFO, "routing.statistics"):
        asyncio.run(story())
    assert caplog.text.count("cannot be written") == 1
    assert caplog.text.count("read again") == 1


def test_a_stop_while_the_database_is_away_ends_in_time_and_says_so(caplog):
    counted = Statistics("alice")
    attempt(counted, succeeded=1)
    table = EndpointStatistic._meta.db_table
    rename(table, "away")
    try:
        lived(counted)
    finally:
        rename("away", table)
    assert "the last statistics could not be written" in caplog.text


def test_the_watch_reads_probes_too():
    probe("deepinfra", now_s=time.time())
    counted = Statistics("alice")

    async def story():
        async with watched(counted):
            await until(lambda: counted.probed_down)
            await in_thread(lambda: ProviderProbe.objects.update(ok=True))
            await until(lambda: not counted.probed_down)

    asyncio.run(story())
