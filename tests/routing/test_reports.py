"""What processes tell the operator: streams under way, endpoints in trouble, traffic."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest
from django.utils import timezone
from statistic_builders import NOW_S, statistic

from catalog.snapshot import EMPTY
from openrouter_site.database import orm_connection
from routing import reports, traffic
from routing.exchange import Deadlines, Exchange, Register
from routing.health import Health, Trouble
from routing.models import ProcessReport


def test_health_says_who_is_in_trouble_and_why():
    health = Health(10.0, clock=lambda: 1000.0)
    health.failed(1)
    health.busy(2, 4)
    health.demote(frozenset({3}))
    health.succeeded(4)
    assert sorted(health.troubles(), key=lambda trouble: trouble.endpoint_id) == [
        Trouble(1, failures=1),
        Trouble(2, left_s=4.0),
        Trouble(3, is_probed_down=True),
    ]


def test_whoever_recovered_is_in_no_trouble():
    health = Health(10.0, clock=lambda: 1000.0)
    health.failed(1)
    for _ in range(4):
        health.succeeded(1)
    assert health.troubles() == []


def read_apart():
    """In a thread that serves no request."""
    with orm_connection():
        return reports.read()


@pytest.mark.django_db(transaction=True)
def test_a_process_reports_what_it_sees_until_it_ends():
    async def live():
        register = Register(Deadlines(1, 1, 1, 1, 1, 1))
        for name in ("OpenAI", "OpenAI", ""):
            exchange = Exchange(register, "gen-1", stream=True)
            exchange.provider_name = name
            register.live.add(exchange)
        health = Health()
        health.failed(7)
        task = asyncio.create_task(reports.report(register, health, "alice", 0.01))
        while not (sight := await asyncio.to_thread(read_apart)).processes:
            await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return sight

    sight = asyncio.run(live())
    assert sight.processes == 1
    assert sight.streams == {"OpenAI": 2, "": 1}
    assert [(each.endpoint_id, each.failures) for each in sight.troubles] == [(7, 1)]
    assert not ProcessReport.objects.exists()


@pytest.mark.django_db
def test_reports_of_many_add_up_and_old_ones_say_nothing():
    now = timezone.now()
    for name, at, streams, failures in [
        ("alice", now, {"OpenAI": 2}, 1),
        ("bob", now, {"OpenAI": 1, "Azure": 1}, 3),
        ("charlie", now - timedelta(minutes=5), {"OpenAI": 9}, 9),
    ]:
        ProcessReport.objects.create(
            instance_id=name, at=at, streams=streams, troubles=[[7, failures, 0, 0.0, False]]
        )
    sight = reports.read()
    assert (sight.processes, sight.streams) == (2, {"OpenAI": 3, "Azure": 1})
    assert sight.troubles == (Trouble(7, failures=3),)
    reports.prune()
    assert ProcessReport.objects.count() == 3
    ProcessReport.objects.update(at=now - timedelta(days=2))
    reports.prune()
    assert not ProcessReport.objects.exists()


@pytest.mark.django_db
def test_traffic_of_the_last_minutes():
    statistic(0, succeeded=25, failed=5, rate_limited=3, latency_s=[1.0] * 95 + [9.0] * 5)
    statistic(60, succeeded=297, instance_id="bob")
    statistic(600, succeeded=7)
    found = traffic.read(EMPTY, NOW_S)
    # Four whole minutes and the thirty seconds of this one.
    assert (found.total.attempts, found.total.rate) == (330, 330 / 270)
    assert round(found.total.error_percent, 2) == 1.52
    assert found.total.latency_p95_s == pytest.approx(1.0, rel=0.06)
    assert [lane.provider for lane in found.lanes] == [traffic.GONE]
    assert len(found.series) == traffic.SERIES_MINUTES + 1
    assert (found.series[-1], found.series[-2], found.series[-11]) == (33, 297, 7)


@pytest.mark.django_db
def test_no_traffic_is_no_error():
    found = traffic.read(EMPTY, NOW_S)
    assert (found.total.error_percent, found.total.latency_p95_s, found.lanes) == (None, None, ())
