from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistic_builders import HOUR_S, MINUTE_S, NOW_S, hour, moment, statistic

from routing import endpoint_history
from routing.endpoint_history import HistoryReader
from routing.incidents import BadHour, bad_hours, spans
from routing.rollup import roll_up

NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bad(hours_ago, endpoint_id=1, failed=10, attempts=10):
    return BadHour(endpoint_id, NOON - hours_ago * HOUR, failed, attempts)


@pytest.mark.parametrize(
    ("succeeded", "failed", "is_bad"),
    [(0, 5, True), (0, 4, False), (45, 5, True), (46, 5, False), (0, 0, False), (900, 100, True)],
)
def test_an_hour_is_bad_when_enough_of_it_failed(succeeded, failed, is_bad):
    assert bool(bad_hours([(1, NOON, succeeded, failed)])) == is_bad


def test_what_happened_within_an_hour_counts_together():
    counts = [(1, NOON + timedelta(minutes=minute), 1, 1) for minute in range(0, 60, 10)]
    counts += [(2, NOON, 100, 0), (1, NOON + HOUR, 0, 4)]
    assert bad_hours(counts) == [BadHour(1, NOON, 6, 12)]


def test_bad_hours_that_follow_each_other_are_one_incident_whatever_the_model():
    first, second = spans([bad(3, failed=5), bad(2, 2), bad(2, 1), bad(6, 3)])
    assert (first.starts_at, first.ends_at) == (NOON - 3 * HOUR, NOON - HOUR)
    assert first.endpoint_ids == {1, 2}
    assert (first.failed, first.attempts) == (25, 30)
    assert (second.starts_at, second.ends_at) == (NOON - 6 * HOUR, NOON - 5 * HOUR)
    assert second.endpoint_ids == {3}


def test_an_incident_is_under_way_until_its_last_bad_hour_is_over():
    (incident,) = spans([bad(0)])
    assert incident.is_under_way(NOON + timedelta(minutes=59))
    assert not incident.is_under_way(NOON + HOUR)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), unique=True))
def test_incidents_hold_each_bad_hour_once_and_never_touch(hours):
    incidents = spans([bad(ago, id, failed=6, attempts=7) for ago, id in hours])
    assert sum(each.failed for each in incidents) == 6 * len(hours)
    edges = [edge for each in reversed(incidents) for edge in (each.starts_at, each.ends_at)]
    assert edges == sorted(set(edges))
    for ago, id in hours:
        at = NOON - ago * HOUR
        (around,) = [each for each in incidents if each.starts_at <= at < each.ends_at]
        assert id in around.endpoint_ids


def test_incidents_come_from_the_statistics_and_outlive_their_merging(db):
    statistic(10 * MINUTE_S, succeeded=2, failed=9)
    statistic(70 * MINUTE_S, succeeded=0, failed=5)
    hour(30 * HOUR_S, succeeded=5, failed=5)
    hour(31 * HOUR_S, succeeded=100, failed=5)
    reader = HistoryReader()
    before = reader.read(moment(NOW_S)).bad_hours
    assert [(each.starts_at.hour, each.failed, each.attempts) for each in before[1]] == [
        (6, 5, 10), (11, 5, 5), (12, 9, 11),
    ]  # fmt: skip
    roll_up(NOW_S)
    assert HistoryReader().read(moment(NOW_S)).bad_hours == before
    assert reader.read(moment(NOW_S)).bad_hours == before


def test_pages_ask_for_the_endpoints_of_one_provider(db):
    now_s = datetime.now(UTC).timestamp()
    for endpoint_id in (1, 2, 3):
        hour(24 * HOUR_S, endpoint_id=endpoint_id, now_s=now_s, succeeded=0, failed=6)
    endpoint_history.forget()
    (incident,) = endpoint_history.incidents_of([1, 2, 99])
    assert incident.endpoint_ids == {1, 2} and incident.failed == 12
    assert endpoint_history.incidents_of([99]) == []
    endpoint_history.forget()
