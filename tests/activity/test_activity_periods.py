from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from activity_builders import DAY, HOUR, NOW
from hypothesis import given
from hypothesis import strategies as st

from activity import periods

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
ZONES = [
    "UTC", "Europe/Berlin", "Asia/Kathmandu", "Asia/Kolkata", "America/New_York",
    "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "Asia/Beirut",
]  # fmt: skip


def local(moment, zone):
    return moment.astimezone(zone).replace(tzinfo=None)


def test_the_last_24_hours_are_hours_of_utc_and_the_last_is_now():
    period = periods.last("24h", NOW, KATHMANDU)
    assert (period.cut, len(period.edges)) == ("hour", 24)
    assert period.begin == period.edges[0] == datetime(2024, 5, 14, 13, tzinfo=UTC)
    assert period.end == NOW
    assert (period.before_begin, period.before_end) == (period.begin - DAY, NOW - DAY)


@pytest.mark.parametrize(("name", "count"), [("7d", 7), ("30d", 30), ("90d", 90)])
def test_days_begin_at_midnight_of_the_zone(name, count):
    period = periods.last(name, NOW, KATHMANDU)
    assert (period.cut, len(period.edges)) == ("day", count)
    assert {local(edge, KATHMANDU).time().isoformat() for edge in period.edges} == {"00:00:00"}
    assert local(period.edges[-1], KATHMANDU).date() == date(2024, 5, 15)
    assert period.end == NOW


def test_half_a_day_is_compared_with_half_a_day():
    period = periods.last("7d", NOW, BERLIN)
    assert local(period.before_begin, BERLIN) == datetime(2024, 5, 2)
    assert local(period.before_end, BERLIN) == local(NOW, BERLIN) - timedelta(days=7)


def test_a_day_with_23_hours_is_one_day():
    period = periods.custom(date(2024, 3, 29), date(2024, 4, 2), NOW, BERLIN)
    lengths = [
        later - earlier
        for earlier, later in zip(period.edges, [*period.edges[1:], period.end], strict=True)
    ]
    assert lengths == [DAY, DAY, 23 * HOUR, DAY, DAY]
    assert period.before_end == period.begin


def test_few_days_are_cut_into_hours_and_many_into_weeks():
    assert periods.custom(date(2024, 5, 1), date(2024, 5, 2), NOW, BERLIN).cut == "hour"
    assert len(periods.custom(date(2024, 3, 31), date(2024, 3, 31), NOW, BERLIN).edges) == 23
    weeks = periods.custom(date(2024, 1, 3), date(2024, 4, 30), NOW, BERLIN)
    assert weeks.cut == "week"
    assert local(weeks.edges[0], BERLIN) == datetime(2024, 1, 3)
    assert {local(edge, BERLIN).weekday() for edge in weeks.edges[1:]} == {0}


def test_days_to_come_are_left_out():
    period = periods.custom(date(2024, 5, 10), date(2024, 6, 30), NOW, BERLIN)
    assert (period.end, len(period.edges)) == (NOW, 6)


@pytest.mark.parametrize(
    ("first", "final", "said"),
    [
        (date(2024, 5, 2), date(2024, 5, 1), "from must not be after to"),
        (date(2024, 5, 16), date(2024, 5, 17), "from must not be in the future"),
        (date(2020, 1, 1), date(2024, 1, 1), "at most 366 days"),
        (date.min, date.min, "from must be in 2000 or later"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_with_the_field(first, final, said):
    with pytest.raises(ValueError, match=said):
        periods.custom(first, final, NOW, BERLIN)


def test_the_last_day_there_is_is_a_day_to_come():
    assert periods.custom(date(2024, 5, 15), date.max, NOW, BERLIN).end == NOW


def test_an_unknown_range_is_refused():
    with pytest.raises(ValueError, match="24h, 7d, 30d, 90d, custom"):
        periods.last("365d", NOW, BERLIN)


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    days=st.integers(0, 365),
    ago=st.integers(0, 400),
    name=st.none() | st.sampled_from(sorted(periods.RANGES)),
)
def test_periods_are_in_order_whatever_the_zone(now, zone, days, ago, name):
    if name:
        period = periods.last(name, now, zone)
    else:
        final = now.astimezone(zone).date() - timedelta(days=ago)
        period = periods.custom(final - timedelta(days=days), final, now, zone)
    assert period.begin == period.edges[0]
    assert list(period.edges) == sorted(set(period.edges))
    assert period.edges[-1] <= period.end <= now
    assert period.before_begin <= period.before_end <= period.begin
    # As long as this one, but for a change of the clocks.
    length = period.end - period.begin
    assert abs(length - (period.before_end - period.before_begin)) <= 2 * HOUR
