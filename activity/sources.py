"""Where the figures of some time come from: sums of whole days and hours, generations for the rest.

Pure. What is whole lies before the watermark, is not known to be late, and no edge cuts it in two:
days of most zones are cut in the middle of a day of UTC (then hours add up to them), those of a few
in the middle of an hour; and the period before ends in the middle of whatever is now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.late import hour_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Span = tuple[datetime, datetime]  # from the first moment until before the second


@dataclass(frozen=True, slots=True)
class Tier:
    """Sums of what begins in these spans, but not of those `left_out`."""

    spans: tuple[Span, ...] = ()
    left_out: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Each moment is in exactly one of them: sums of days, of hours, or generations (`raw`)."""

    days: Tier
    hours: Tier
    raw: tuple[Span, ...]


def day_of(moment: datetime) -> datetime:
    """The beginning of the day in UTC that it is in."""
    return hour_of(moment).replace(hour=0)


def sources(
    begin: datetime,
    end: datetime,
    *,
    edges: Iterable[datetime],
    until: datetime,
    late: Collection[datetime],
) -> Sources:
    """Of the time from `begin` until before `end`, to be cut at `edges`. All that ended by `until`
    has sums; those of the hours `late` are old."""
    edges = tuple(edges)
    all = [(begin, end)] if begin < end else []
    days, rest = _whole(all, DAY, day_of, edges, until, late)
    hours, rest = _whole(rest, HOUR, hour_of, edges, until, late)
    return Sources(days, hours, tuple(rest))


def _whole(
    spans: Sequence[Span],
    unit: timedelta,
    unit_of: Callable[[datetime], datetime],
    edges: Sequence[datetime],
    until: datetime,
    late: Collection[datetime],
) -> tuple[Tier, list[Span]]:
    """The whole units in the spans, and what is left of the spans without them."""
    broken = {unit_of(edge) for edge in edges if edge != unit_of(edge)}
    broken |= {unit_of(hour) for hour in late}
    whole: list[Span] = []
    left_out: list[datetime] = []
    rest: list[Span] = []
    for begin, end in spans:
        first, last = _up(begin, unit, unit_of), unit_of(min(end, until))
        out = sorted(each for each in broken if first <= each < last)
        if first >= last or len(out) * unit == last - first:
            rest.append((begin, end))
            continue
        whole.append((first, last))
        left_out += out
        rest += [(begin, first), *((each, each + unit) for each in out), (last, end)]
    return Tier(tuple(whole), tuple(left_out)), _joined(rest)


def _up(moment: datetime, unit: timedelta, unit_of: Callable[[datetime], datetime]) -> datetime:
    begun = unit_of(moment)
    return begun if begun == moment else begun + unit


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Without empty ones; those that touch are one."""
    joined: list[Span] = []
    for begin, end in spans:
        if begin >= end:
            continue
        if joined and joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined
