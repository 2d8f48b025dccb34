from __future__ import annotations

import time

import pytest
from statistic_builders import MINUTE_S, NOW_S, Clock, attempt, probe, rename, statistic

from routing import rollup, statistics
from routing.models import EndpointStatistic
from routing.statistics import Statistics


@pytest.fixture(autouse=True)
def nothing_read_before():
    statistics.forget()
    yield
    statistics.forget()


def test_before_anything_was_read_nothing_is_known():
    counted = Statistics("alice")
    counted.attempted(1, "succeeded")
    assert counted.figures(1) is None
    assert counted.probed_down == frozenset()


def test_counts_that_cannot_be_written_are_kept_for_half_an_hour():
    clock = Clock(NOW_S)
    counted = Statistics("alice", clock)
    for _ in range(100):
        attempt(counted, succeeded=1)
        clock.now_s += MINUTE_S
    assert len(counted._minutes) == 31
    clock.now_s += 100 * MINUTE_S
    attempt(counted, succeeded=1)
    assert len(counted._minutes) == 1


def test_no_minute_is_written_at_the_age_at_which_it_is_merged():
    """Else one might be merged into its hour twice."""
    assert statistics._UNWRITTEN_AGE_S_MAX < rollup.MINUTE_AGE_S_MAX


def test_current_reads_without_a_watch_and_not_each_time(db, django_assert_num_queries):
    statistic(now_s=time.time(), succeeded=1, failed=3)
    assert statistics.current()[1].uptime_5m == 25.0
    with django_assert_num_queries(0):
        assert set(statistics.current()) == {1}
    assert Statistics("alice").figures(1).uptime_5m == 25.0


@pytest.mark.django_db(transaction=True)
def test_current_is_empty_while_the_database_is_away(caplog):
    table = EndpointStatistic._meta.db_table
    rename(table, "away")
    try:
        assert statistics.current() == {}
    finally:
        rename("away", table)
    assert "cannot be read" in caplog.text


def test_a_failed_probe_counts_until_it_is_old(db):
    clock = Clock(time.time())
    counted = Statistics("alice", clock)
    probe("deepinfra", now_s=clock.now_s)
    probe("together", ok=True, now_s=clock.now_s)
    statistics.current()
    assert counted.probed_down == {"deepinfra"}
    # Nobody could read for two minutes.
    clock.now_s += 150
    assert counted.probed_down == frozenset()


def test_counting_asks_the_database_nothing(db, django_assert_num_queries):
    counted = Statistics("alice")
    with django_assert_num_queries(0):
        attempt(counted, succeeded=1, failed=1, rate_limited=1)
        counted.served(1, 0.1, 10, 1.0)
        assert (counted.figures(1), counted.probed_down) == (None, frozenset())
