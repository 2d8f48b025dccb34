"""Which time a page of activity shows, and how it is cut: pure.

Days and weeks are those of the account's time zone, cut where they begin there - also where that is
no full hour of UTC, and also where a day has 23 or 25 hours. The hours of the last 24 are hours of
UTC. The period before is as long and ends at the same time of day as this one does, so that half a
day is compared with half a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.late import hour_of

HOURS, DAYS, WEEKS = "hour", "day", "week"
RANGES = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}
_BY_HOUR_DAYS_MAX, _BY_DAY_DAYS_MAX = 2, 92
CUSTOM_DAYS_MAX = 366
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `begin` until before `end`, cut at `edges` (the first one is `begin`) into what `cut`
    says; and the period before. All in UTC."""

    begin: datetime
    end: datetime
    cut: str
    edges: tuple[datetime, ...]
    before_begin: datetime
    before_end: datetime


def last(name: str, now: datetime, zone: ZoneInfo) -> Period:
    """One of RANGES: the last 24 hours, or so many days and today is the last. Raises ValueError.

    An hour or a day that has not ended ends now.
    """
    if name not in RANGES:
        raise ValueError(f"range {name!r} is not one of {', '.join(RANGES)}, custom")
    now = now.astimezone(UTC)
    if name == "24h":
        return _hours(hour_of(now) - 23 * _HOUR, now, 24 * _HOUR)
    today = now.astimezone(zone).date()
    return _days(today - timedelta(days=RANGES[name] - 1), today, now, zone)


def custom(first: date, final: date, now: datetime, zone: ZoneInfo) -> Period:
    """From the day `first` to the day `final`, both included. Raises ValueError."""
    now = now.astimezone(UTC)
    today = now.astimezone(zone).date()
    if first > final:
        raise ValueError("from must not be after to")
    if first > today:
        raise ValueError("from must not be in the future")
    if first.year < 2000:
        raise ValueError("from must be in 2000 or later")
    final = min(final, today)
    if (final - first).days >= CUSTOM_DAYS_MAX:
        raise ValueError(f"from and to must be at most {CUSTOM_DAYS_MAX} days apart")
    return _days(first, final, now, zone)


def _days(first: date, final: date, now: datetime, zone: ZoneInfo) -> Period:
    count = (final - first).days + 1
    begin, end = midnight(first, zone), min(midnight(final + _DAY, zone), now)
    back = timedelta(days=count)
    # The same time of day, so many days ago. After the last day of a past period that is midnight.
    before_end = (end.astimezone(zone) - back).astimezone(UTC)
    before_begin = midnight(first - back, zone)
    if count <= _BY_HOUR_DAYS_MAX:
        cut, edges = HOURS, _steps(begin, end)
    elif count <= _BY_DAY_DAYS_MAX:
        cut, edges = DAYS, [midnight(first + timedelta(days=n), zone) for n in range(count)]
    else:
        cut = WEEKS
        mondays = [first + timedelta(days=n) for n in range(count)]
        edges = [begin, *(midnight(day, zone) for day in mondays if day.weekday() == 0)]
    return Period(begin, end, cut, _ascending(edges), before_begin, min(before_end, begin))


def _hours(begin: datetime, end: datetime, back: timedelta) -> Period:
    edges = _ascending(_steps(begin, end))
    return Period(begin, end, HOURS, edges, begin - back, end - back)


def _steps(begin: datetime, end: datetime) -> list[datetime]:
    count = -((begin - end) // _HOUR)
    return [begin + n * _HOUR for n in range(count)] or [begin]


def _ascending(moments: Iterable[datetime]) -> tuple[datetime, ...]:
    """Each later than the one before: a day that a zone left out has no length."""
    return tuple(sorted(set(moments)))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins there: the first of two midnights, and after one that is left out."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
