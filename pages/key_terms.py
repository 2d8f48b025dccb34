"""The choices about a key, in words, and what they mean: how often its limit counts anew, when it
ends, which models it may use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from billing.models import Budget
from catalog import live
from ui import format

PERIODS = [
    (Budget.Period.NONE.value, "Never"),
    (Budget.Period.DAILY.value, "Daily"),
    (Budget.Period.WEEKLY.value, "Weekly"),
    (Budget.Period.MONTHLY.value, "Monthly"),
]

NEVER, KEEP, ON_DATE = "never", "keep", "date"
_DAYS = ("7", "30", "90")
YEARS_MAX = 50


def lifetimes(expires_at: datetime | None) -> list[tuple[str, str]]:
    """`expires_at` is the end it has already, if any: the first choice is to keep it."""
    kept = [] if expires_at is None else [(KEEP, f"On {format.exact(expires_at)}, as it is")]
    days = [(number, f"In {number} days") for number in _DAYS]
    return [*kept, (NEVER, "Never"), *days, (ON_DATE, "At the end of a day")]


def end_of(
    lifetime: str, day: date | None, expires_at: datetime | None, now: datetime
) -> datetime | None:
    """The moment that the choice means."""
    if lifetime == KEEP:
        return expires_at
    if lifetime == ON_DATE and day is not None:
        return datetime.combine(day, time.min, UTC) + timedelta(days=1)
    return now + timedelta(days=int(lifetime)) if lifetime in _DAYS else None


def models(chosen: Sequence[str]) -> list[tuple[str, str]]:
    """(id, name) of all models; what is chosen and no longer offered is kept among them."""
    known = live.catalog().models
    gone = [(id, "no longer offered") for id in chosen if id not in known]
    return [*gone, *((id, model.name) for id, model in sorted(known.items()))]
