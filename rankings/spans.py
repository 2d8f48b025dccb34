"""The spans of days that rankings compare: all of one length, one after the other. Pure.

They end with the last completed day, so each has the same number of whole days, whatever weekday it
is: nothing looks as if it fell because the week has just begun.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

# Growth is over the mean of so many spans before.
COMPARED = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Both days are part of it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Length:
    """How long a span is, and how many of them a chart shows."""

    name: str
    days: int
    bars: int


LENGTHS = {each.name: each for each in (
    Length("day", 1, 30), Length("week", 7, 12), Length("month", 30, 12),
)}  # fmt: skip


def spans(last: date, days: int, count: int) -> tuple[Span, ...]:
    """`count` of them, oldest first; the newest ends on `last`."""
    return tuple(_backwards(last, days, count))[::-1]


def _backwards(last: date, days: int, count: int) -> Iterator[Span]:
    for number in range(count):
        end = last - timedelta(days=days * number)
        yield Span(end - timedelta(days=days - 1), end)
