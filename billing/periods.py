"""When the days, weeks (from Monday) and months of limits begin: at 00:00 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from billing.book import period_start


def begin_of(period: str, now: datetime) -> datetime:
    """The first moment of the day, week or month that `now` is in."""
    return _midnight(period_start(period, now) or date.min)


def next_begin(period: str, now: datetime) -> datetime | None:
    """The first moment of the one after it: when a limit counts anew. None for what never does."""
    start = period_start(period, now)
    if start is None:
        return None
    # From the first day of a month, 31 days lead into the next one.
    days = {"daily": 1, "weekly": 7, "monthly": 31}[period]
    following = start + timedelta(days=days)
    return _midnight(following.replace(day=1) if period == "monthly" else following)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
