from __future__ import annotations

from datetime import timedelta

from activity_builders import DAY, HOUR, NOW
from hypothesis import given
from hypothesis import strategies as st

from activity.sources import Tier, day_of, sources
from billing.late import hour_of

NOON = NOW.replace(minute=0, second=0)
quarters = st.integers(-4 * 24 * 5, 4 * 24 * 5).map(lambda n: NOON + n * timedelta(minutes=15))
moments = quarters | st.integers(-(10**11), 10**11).map(lambda n: NOON + timedelta(microseconds=n))


def covered(tier, unit):
    """Every unit that the tier stands for."""
    for begin, end in tier.spans:
        while begin < end:
            if begin not in tier.left_out:
                yield begin, begin + unit
            begin += unit


@given(
    begin=moments, end=moments, until=quarters, edges=st.lists(moments, max_size=6),
    late=st.lists(quarters.map(hour_of), max_size=4),
)  # fmt: skip
def test_each_moment_is_read_once_and_no_sum_is_cut_or_old(begin, end, until, edges, late):
    found = sources(begin, end, edges=edges, until=until, late=late)
    days, hours = list(covered(found.days, DAY)), list(covered(found.hours, HOUR))
    at = begin
    for first, last in sorted([*days, *hours, *found.raw]):
        assert first == at
        at = last
    assert at == max(begin, end)
    for first, last in days + hours:
        assert last <= until
        assert not any(first < edge < last for edge in edges)
        assert not any(first <= hour < last for hour in late)
    assert all(first == day_of(first) for first, _ in days)
    assert all(first == hour_of(first) for first, _ in hours)


def test_whole_days_of_utc_are_read_as_days():
    begin, end = day_of(NOW) - 7 * DAY, NOW
    found = sources(begin, end, edges=[begin + DAY], until=NOON, late=[])
    assert found.days == Tier(((begin, day_of(NOW)),))
    assert found.hours == Tier(((day_of(NOW), NOON),))
    assert found.raw == ((NOON, NOW),)


def test_days_of_a_zone_with_a_quarter_of_an_hour_are_hours_but_for_those_it_cuts():
    midnight = day_of(NOW) - 2 * DAY - timedelta(hours=5, minutes=45)
    edges = [midnight, midnight + DAY]
    found = sources(midnight, midnight + 2 * DAY, edges=edges, until=NOON, late=[])
    assert found.days == Tier()
    assert len(list(covered(found.hours, HOUR))) == 46
    assert len(found.raw) == 3
