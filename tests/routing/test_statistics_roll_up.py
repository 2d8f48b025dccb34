from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from statistic_builders import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    NOW_S,
    figures,
    hour,
    moment,
    rows,
    statistic,
    tally,
)

from routing import statistic_rows
from routing.models import EndpointStatistic
from routing.rollup import roll_up


def test_minutes_older_than_an_hour_become_hours(db):
    # 12:20:30 now, so these are 11:15, 11:10 and 10:50; the last is younger than an hour.
    statistic(65 * MINUTE_S, instance_id="alice", succeeded=1, failed=2, latency_s=[0.5])
    statistic(65 * MINUTE_S, instance_id="bob", succeeded=3, rate_limited=4, latency_s=[0.5, 2.0])
    statistic(70 * MINUTE_S, instance_id="bob", succeeded=5, throughput=[40.0])
    statistic(90 * MINUTE_S, instance_id="alice", succeeded=7)
    statistic(65 * MINUTE_S, endpoint_id=2, succeeded=8)
    statistic(50 * MINUTE_S, succeeded=9)
    roll_up(NOW_S)
    found = {
        (row.endpoint_id, row.starts_at, row.duration_s, row.instance_id): row
        for row in EndpointStatistic.objects.all()
    }
    eleven, ten = moment(1_715_770_800), moment(1_715_767_200)
    assert set(found) == {
        (1, eleven, 3600, ""),
        (1, ten, 3600, ""),
        (2, eleven, 3600, ""),
        (1, moment(1_715_772_600), 60, "alice"),
    }
    row = found[1, eleven, 3600, ""]
    assert (row.succeeded, row.failed, row.rate_limited) == (9, 2, 4)
    merged = tally(latency_s=[0.5, 0.5, 2.0], throughput=[40.0])
    assert (row.latency, row.throughput) == (merged.latency.as_json(), merged.throughput.as_json())


def test_rolling_up_twice_is_rolling_up_once(db):
    for minute in range(0, 200, 3):
        statistic(minute * MINUTE_S, succeeded=minute, latency_s=[1 + minute])
    roll_up(NOW_S)
    once = rows()
    roll_up(NOW_S)
    assert rows() == once


def test_an_hour_grows_with_each_roll_up_and_loses_nothing(db):
    for minute in range(240):
        statistic(minute * MINUTE_S, endpoint_id=1 + minute % 3, succeeded=1, failed=1)
    for minute in range(0, 200, 10):
        roll_up(NOW_S - (200 - minute) * MINUTE_S)
    roll_up(NOW_S)
    everything = list(EndpointStatistic.objects.values_list("succeeded", flat=True))
    assert sum(everything) == 240
    minutes = EndpointStatistic.objects.filter(duration_s=60)
    assert min(row.starts_at for row in minutes) > moment(NOW_S - HOUR_S)
    assert EndpointStatistic.objects.filter(duration_s=3600).count() == 4 * 3


def test_figures_are_the_same_before_and_after_rolling_up(db):
    for minute in range(0, 600, 7):
        statistic(minute * MINUTE_S, succeeded=minute % 5, failed=minute % 2, latency_s=[0.3])
    before = figures()
    roll_up(NOW_S)
    assert figures() == before


def test_more_rows_than_fit_one_transaction_are_all_merged(db):
    made = [
        statistic_rows.row(endpoint, minute * 60, "alice", tally())
        for endpoint in range(1, 61)
        for minute in range(20)
    ]
    statistic_rows.write(made)
    roll_up(NOW_S - DAY_S * 365 * 60)
    assert EndpointStatistic.objects.count() == 1200
    roll_up(20 * MINUTE_S + HOUR_S)
    assert set(EndpointStatistic.objects.values_list("duration_s", "succeeded")) == {(3600, 20)}
    assert EndpointStatistic.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_roll_up_at_once_count_nothing_twice():
    statistic_rows.write(
        [
            statistic_rows.row(endpoint, minute * 60, instance, tally(latency_s=[0.5]))
            for endpoint in range(1, 21)
            for minute in range(45, 75)
            for instance in ("alice", "bob")
        ]
    )
    start = threading.Barrier(2)

    def worker():
        try:
            start.wait(10)
            roll_up(3 * HOUR_S)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as executor:
        for done in [executor.submit(worker) for _ in range(2)]:
            done.result(60)
    merged = list(EndpointStatistic.objects.all())
    assert {(row.duration_s, row.instance_id) for row in merged} == {(3600, "")}
    assert len(merged) == 40
    assert {row.succeeded for row in merged} == {30}
    assert {sum(row.latency.values()) for row in merged} == {30}


def test_a_roll_up_that_breaks_off_loses_nothing(db):
    statistic(2 * HOUR_S, succeeded=3)
    before = rows()

    def refuse(execute, sql, parameters, many, context):
        if sql.startswith("INSERT"):
            raise KeyboardInterrupt
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(KeyboardInterrupt):
        roll_up(NOW_S)
    assert rows() == before


def test_hours_are_kept_for_thirty_days(db):
    hour(29 * DAY_S)
    hour(31 * DAY_S)
    roll_up(NOW_S)
    [row] = EndpointStatistic.objects.all()
    assert row.starts_at > moment(NOW_S - 30 * DAY_S)
