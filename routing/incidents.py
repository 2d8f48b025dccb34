"""Spans of failing: when which endpoints failed much of what they were sent. Pure.

An hour of an endpoint is bad when at least FAILED_MIN attempts failed in it, and they were
FAILED_SHARE_MIN of all. Bad hours of one provider that follow each other are one incident, whatever
models they are of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FAILED_MIN = 5
FAILED_SHARE_MIN = 0.1
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BadHour:
    """Of one endpoint; `starts_at` is a full hour of UTC."""

    endpoint_id: int
    starts_at: datetime
    failed: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Incident:
    """From full hour to full hour, in UTC. `attempts` and `failed` are those of the bad hours."""

    starts_at: datetime
    ends_at: datetime
    endpoint_ids: frozenset[int]
    failed: int
    attempts: int

    def is_under_way(self, now: datetime) -> bool:
        """Whether its last bad hour is the present one."""
        return now < self.ends_at


def bad_hours(counts: Iterable[tuple[int, datetime, int, int]]) -> list[BadHour]:
    """From (endpoint id, moment, succeeded, failed) of any spans within hours; oldest first."""
    hours: defaultdict[tuple[int, datetime], list[int]] = defaultdict(lambda: [0, 0])
    for endpoint_id, moment, succeeded, failed in counts:
        hour = hours[endpoint_id, moment.replace(minute=0, second=0, microsecond=0)]
        hour[0] += failed
        hour[1] += failed + succeeded
    found = [
        BadHour(endpoint_id, starts_at, failed, attempts)
        for (endpoint_id, starts_at), (failed, attempts) in hours.items()
        if failed >= FAILED_MIN and failed >= FAILED_SHARE_MIN * attempts
    ]
    return sorted(found, key=lambda each: (each.starts_at, each.endpoint_id))


def spans(hours: Iterable[BadHour]) -> list[Incident]:
    """The incidents that these hours of one provider make, newest first."""
    found: list[list[BadHour]] = []
    for hour in sorted(hours, key=lambda each: each.starts_at):
        if found and hour.starts_at <= found[-1][-1].starts_at + _HOUR:
            found[-1].append(hour)
        else:
            found.append([hour])
    return [_incident(each) for each in reversed(found)]


def _incident(hours: list[BadHour]) -> Incident:
    return Incident(
        starts_at=hours[0].starts_at,
        ends_at=hours[-1].starts_at + _HOUR,
        endpoint_ids=frozenset(hour.endpoint_id for hour in hours),
        failed=sum(hour.failed for hour in hours),
        attempts=sum(hour.attempts for hour in hours),
    )
