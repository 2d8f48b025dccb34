from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistic_builders import (
    HOUR_S,
    MINUTE_S,
    NOW_S,
    board,
    figures,
    hour,
    probe,
    statistic,
    tally,
)

from routing import statistic_rows
from routing.figures import Figures
from routing.models import EndpointStatistic


def test_without_rows_there_is_nothing_to_say(db):
    assert board().figures == {}
    assert board().probed_down == frozenset()


@pytest.mark.parametrize(
    "counts, uptime",
    [
        ({"succeeded": 3, "failed": 1}, 75.0),
        ({"succeeded": 4}, 100.0),
        ({"succeeded": 0, "failed": 2}, 0.0),
        ({"succeeded": 3, "failed": 1, "rate_limited": 50}, 75.0),
        ({"succeeded": 0, "rate_limited": 5}, None),
    ],
)
def test_uptime_is_the_share_that_succeeded_and_rate_limits_are_no_part_of_it(db, counts, uptime):
    statistic(**counts)
    assert figures().uptime_5m == figures().uptime_30m == figures().uptime_1d == uptime


@pytest.mark.parametrize(
    "ago_s, windows",
    [
        (0, {"5m", "30m", "1d"}),
        (4.9 * MINUTE_S, {"5m", "30m", "1d"}),
        (7 * MINUTE_S, {"30m", "1d"}),
        (29.9 * MINUTE_S, {"30m", "1d"}),
        (32 * MINUTE_S, {"1d"}),
        (23.9 * HOUR_S, {"1d"}),
        (24.1 * HOUR_S, set()),
    ],
)
def test_a_minute_counts_in_every_span_it_belongs_to(db, ago_s, windows):
    statistic(ago_s, succeeded=1, failed=1)
    hour(2 * HOUR_S, succeeded=0)  # so that there are figures in any case
    found = figures()
    for window in ("5m", "30m", "1d"):
        expected = 50.0 if window in windows else None
        assert getattr(found, f"uptime_{window}") == expected, window


def test_hours_count_for_the_day_and_for_nothing_shorter(db):
    # The hour that is just over reaches into the last 30 minutes, but what is in it is older.
    hour(HOUR_S / 2, succeeded=9, failed=1, latency_s=[1.0])
    hour(24 * HOUR_S, succeeded=7, failed=3)  # partly in, so it counts
    hour(26 * HOUR_S, succeeded=0, failed=100)
    assert figures() == Figures(uptime_1d=80.0)


def test_percentiles_of_latency_rise_and_those_of_throughput_fall(db):
    latencies_s = [0.1] * 50 + [0.2] * 25 + [0.4] * 15 + [3.0] * 10
    speeds = [90.0] * 50 + [60.0] * 25 + [30.0] * 15 + [5.0] * 10
    statistic(20 * MINUTE_S, latency_s=latencies_s, throughput=speeds)
    found = figures()
    for percentiles, expected in (
        (found.latency_s, (0.1, 0.2, 0.4, 3.0)),
        (found.throughput, (90.0, 60.0, 30.0, 5.0)),
    ):
        shown = (percentiles.p50, percentiles.p75, percentiles.p90, percentiles.p99)
        assert shown == pytest.approx(expected, rel=0.05)
    assert found.latency_5m_s is found.throughput_5m is None


def test_percentiles_of_five_minutes_are_of_those_alone(db):
    statistic(20 * MINUTE_S, latency_s=[9.0] * 99, throughput=[1.0] * 99)
    statistic(2 * MINUTE_S, latency_s=[0.5], throughput=[70.0])
    found = figures()
    assert found.latency_5m_s.p50 == pytest.approx(0.5, rel=0.05)
    assert found.throughput_5m.p50 == pytest.approx(70, rel=0.05)
    assert found.latency_s.p50 == pytest.approx(9, rel=0.05)


def test_processes_add_up_and_endpoints_do_not(db):
    statistic(instance_id="alice", succeeded=3, latency_s=[0.1] * 3)
    statistic(instance_id="bob", succeeded=0, failed=1, latency_s=[8.0] * 2)
    statistic(endpoint_id=2, succeeded=0, failed=1)
    assert figures(1).uptime_5m == 75.0
    assert figures(1).latency_s.p99 == pytest.approx(8, rel=0.05)
    assert figures(1).latency_s.p50 == pytest.approx(0.1, rel=0.05)
    assert figures(2).uptime_5m == 0.0


def test_a_row_written_again_replaces_what_it_said(db):
    statistic(succeeded=1, latency_s=[1.0])
    statistic(succeeded=2, failed=2, latency_s=[1.0, 2.0])
    [row] = EndpointStatistic.objects.all()
    assert (row.succeeded, row.failed, sum(row.latency.values())) == (2, 2, 2)


def test_many_rows_are_written_in_several_transactions(db, django_assert_max_num_queries):
    made = [statistic_rows.row(each, 0, "alice", tally()) for each in range(1, 1102)]
    with django_assert_max_num_queries(60):
        statistic_rows.write(made)
    assert EndpointStatistic.objects.count() == 1101


# --- The reader ---


def test_a_reader_that_read_before_says_what_a_new_one_says(db):
    reader = statistic_rows.Reader()
    for minute in range(45):
        now_s = NOW_S + minute * MINUTE_S
        for instance in ("alice", "bob"):
            counts = {"succeeded": minute % 7, "failed": minute % 3, "latency_s": [minute / 10 + 1]}
            statistic(instance_id=instance, now_s=now_s, **counts)
        # What a process writes in the seconds after a minute is over.
        statistic(40, instance_id="alice", now_s=now_s, succeeded=5, latency_s=[0.2])
        assert reader.read(now_s) == board(now_s)


def test_a_reader_reads_minutes_that_are_over_only_once(db):
    for minute in range(30):
        statistic(minute * MINUTE_S)
    reader = statistic_rows.Reader()
    reader.read(NOW_S)
    EndpointStatistic.objects.all().delete()
    statistic(succeeded=1, failed=1)
    assert reader.read(NOW_S).figures[1].uptime_5m > 80
    assert len(reader._over) > 25
    assert reader.read(NOW_S + HOUR_S).figures[1] == Figures(uptime_1d=50.0)
    assert not reader._over


def test_a_read_is_three_queries(db, django_assert_num_queries):
    statistic()
    reader = statistic_rows.Reader()
    for _ in range(2):
        with django_assert_num_queries(3):
            reader.read(NOW_S)


# --- Probes ---


def test_providers_whose_latest_probe_failed_are_down_until_it_is_old(db):
    probe("deepinfra", ok=False, ago_s=110)
    probe("together", ok=True)
    probe("mancer-2", ok=False, ago_s=130)
    assert board().probed_down == {"deepinfra"}


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_uptime_is_a_percentage_of_what_was_merged(parts):
    total = tally(succeeded=0)
    for succeeded, failed in parts:
        total.merge(tally(succeeded=succeeded, failed=failed))
    succeeded, failed = (sum(each) for each in zip(*parts, strict=True))
    if succeeded + failed:
        assert total.uptime == pytest.approx(100 * succeeded / (succeeded + failed))
    else:
        assert total.uptime is None
