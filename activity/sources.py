"""Where the figures of some time come from: sums of whole hours, and generations for the rest.

Pure. The rest is what is not summed yet, hours whose sums are known to be old, and hours that an
edge cuts in two: days begin in the middle of an hour of UTC where the zone has half hours, and the
period before ends where this one is now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.late import hour_of

HOUR = timedelta(hours=1)
Span = tuple[datetime, datetime]  # from the first moment until before the second


@dataclass(frozen=True, slots=True)
class Sources:
    """Sums of the hours of `summed`, but not those in `left_out`; generations of `raw`.

    Each moment is in exactly one of them.
    """

    summed: Span | None
    left_out: tuple[datetime, ...]
    raw: tuple[Span, ...]


def sources(
    begin: datetime,
    end: datetime,
    *,
    edges: Iterable[datetime],
    until: datetime,
    late: Collection[datetime],
) -> Sources:
    """Of the time from `begin` until before `end`, to be cut at `edges`. Hours before `until` have
    sums; those of the hours `late` are old."""
    first, last = _next_hour(begin), min(hour_of(end), hour_of(until))
    if first >= last:
        return Sources(None, (), ((begin, end),) if begin < end else ())
    cut = {hour_of(edge) for edge in edges if edge != hour_of(edge)}
    left_out = tuple(sorted(hour for hour in cut | set(late) if first <= hour < last))
    raw = [(begin, first), *((hour, hour + HOUR) for hour in left_out), (last, end)]
    return Sources((first, last), left_out, tuple(_joined(raw)))


def _next_hour(moment: datetime) -> datetime:
    hour = hour_of(moment)
    return hour if hour == moment else hour + HOUR


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
