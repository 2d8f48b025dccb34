from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from statistic_builders import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    NOW_S,
    histogram,
    hour,
    moment,
    statistic,
    tally,
)

from routing import endpoint_history
from routing.endpoint_history import Day, HistoryReader
from routing.models import EndpointStatistic
from routing.rollup import roll_up

NOW = moment(NOW_S)  # 2024-05-15 12:20:30 UTC


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    endpoint_history.forget()
    yield
    endpoint_history.forget()


def history(now=NOW):
    return HistoryReader().read(now).days


def test_each_day_of_utc_has_what_was_counted_in_it(db):
    statistic(5 * MINUTE_S, instance_id="alice", succeeded=3, failed=1, latency_s=[0.4])
    statistic(5 * MINUTE_S, instance_id="bob", succeeded=2, rate_limited=5, throughput=[40.0])
    hour(11 * HOUR_S, succeeded=7)
    hour(13 * HOUR_S, succeeded=11, failed=2)
    days = history()[1]
    assert len(days) == 30
    assert [each.date for each in days] == [
        date(2024, 5, 15) - timedelta(days=ago) for ago in range(29, -1, -1)
    ]
    assert days[-1] == Day(date(2024, 5, 15), 12, 1, 5, histogram(0.4), histogram(40.0))
    assert days[-2] == Day(date(2024, 5, 14), 11, 2)
    assert days[-3] == Day(date(2024, 5, 13))


def test_uptime_is_of_the_attempts_and_unknown_without_one():
    assert Day(NOW.date(), succeeded=3, failed=1, rate_limited=9).uptime == 75
    assert Day(NOW.date(), rate_limited=9).uptime is None


def test_what_is_older_than_the_first_day_is_left_out(db):
    hour(29 * DAY_S + 13 * HOUR_S, succeeded=1)
    assert history() == {}
    hour(29 * DAY_S + 12 * HOUR_S, succeeded=1)
    assert history()[1][0].succeeded == 1


def test_the_history_is_the_same_before_and_after_rolling_up(db):
    for minute in range(0, 3000, 7):
        statistic(minute * MINUTE_S, endpoint_id=minute % 3, succeeded=minute % 5, latency_s=[0.3])
    before = history()
    roll_up(NOW_S)
    assert history() == before


def test_days_that_are_over_are_read_once_and_today_again(db):
    reader = HistoryReader()
    hour(2 * DAY_S, succeeded=1)
    statistic(0, succeeded=1)
    reader.read(NOW)
    # Of a day that is over nothing changes any more; deleting its row shows who still looks.
    EndpointStatistic.objects.filter(duration_s=3600).delete()
    statistic(MINUTE_S, succeeded=10)
    days = reader.read(NOW).days[1]
    assert (days[-3].succeeded, days[-1].succeeded) == (1, 11)


def test_minutes_written_after_midnight_still_count_for_yesterday(db):
    reader = HistoryReader()
    midnight_s = datetime(2024, 5, 15, tzinfo=UTC).timestamp()
    statistic(MINUTE_S, now_s=midnight_s, succeeded=1)
    assert reader.read(moment(midnight_s + 60)).days[1][-2].succeeded == 1
    statistic(MINUTE_S, now_s=midnight_s, instance_id="bob", succeeded=2)
    assert reader.read(moment(midnight_s + 1800)).days[1][-2].succeeded == 3


def test_days_move_on_with_the_clock(db):
    reader = HistoryReader()
    hour(HOUR_S, succeeded=4)
    reader.read(NOW)
    days = reader.read(NOW + timedelta(days=3)).days[1]
    assert (days[-4].succeeded, days[-1].date) == (4, date(2024, 5, 18))
    assert reader.read(NOW + timedelta(days=31)).days == {}


def test_totals_are_the_sums_of_the_days(db):
    for day in range(5):
        hour(day * DAY_S, succeeded=2, failed=1, latency_s=[0.2, 0.4], throughput=[30 + day])
    totals = HistoryReader().read(NOW).totals
    assert set(totals) == {1}
    assert totals[1] == tally(10, 5, 0, [0.2, 0.4] * 5, [30, 31, 32, 33, 34])


def test_pages_read_the_last_days_at_most_once_a_minute(db, django_assert_num_queries):
    now_s = datetime.now(UTC).timestamp()
    statistic(now_s=now_s, succeeded=2)
    with django_assert_num_queries(1):
        assert len(endpoint_history.days_of()[1]) == 30
        [day] = endpoint_history.days_of(1)[1]
    assert day.succeeded == 2


@pytest.mark.parametrize("days", [0, -1, 31])
def test_days_that_are_not_kept_are_refused(days):
    with pytest.raises(ValueError, match="1 to 30"):
        endpoint_history.days_of(days)
