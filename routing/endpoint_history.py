"""How endpoints did on each of the last thirty days: for pages, read from rows of statistics."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import django.db
import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

from openrouter_site.cell import Cell
from routing.figures import Tally
from routing.histogram import Histogram
from routing.incidents import BadHour, Incident, bad_hours, spans
from routing.models import EndpointStatistic
from routing.rollup import MINUTE_AGE_S_MAX
from routing.statistic_rows import HOUR_S, MINUTE_S

logger = logging.getLogger(__name__)

# As long as hours are kept (routing.rollup).
DAYS_MAX = 30
_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Day:
    """What one endpoint did on a day of UTC. Latencies are seconds until the first content,
    throughputs tokens per second. The histograms are shared: read them, never add to them."""

    date: date
    succeeded: int = 0
    failed: int = 0
    rate_limited: int = 0
    latency: Histogram = field(default_factory=Histogram)
    throughput: Histogram = field(default_factory=Histogram)

    @property
    def uptime(self) -> float | None:
        """Percent of the attempts that succeeded; None without one."""
        return Tally(succeeded=self.succeeded, failed=self.failed).uptime


Days = Mapping[int, tuple[Day, ...]]


@dataclass(frozen=True, slots=True)
class _Read:
    """Of one day, all endpoints."""

    tallies: Mapping[int, Tally] = field(default_factory=dict)
    bad_hours: tuple[BadHour, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """By endpoint: `days` are DAYS_MAX, oldest first; `totals` are their sums."""

    days: Days
    totals: Mapping[int, Tally]
    bad_hours: Mapping[int, list[BadHour]]


_NOTHING = History({}, {}, {})


class HistoryReader:
    """Reads the rows again and again; of days that are over, each only once."""

    def __init__(self) -> None:
        self._over: dict[date, _Read] = {}

    def read(self, now: datetime) -> History:
        """The last day is that of `now`, in UTC. An endpoint that nobody was sent to in that time
        is left out."""
        dates = [now.date() - timedelta(days=ago) for ago in reversed(range(DAYS_MAX))]
        over = {each: self._over[each] for each in dates if each in self._over}
        by_date = over | _read_since(next(each for each in dates if each not in over))
        # The last minutes of a day may be written when the next one has begun.
        final = (now - timedelta(seconds=MINUTE_AGE_S_MAX)).date()
        self._over = {each: by_date.get(each, _Read()) for each in dates if each < final}
        return _together([(each, by_date.get(each, _Read())) for each in dates])


def _together(read: list[tuple[date, _Read]]) -> History:
    totals: defaultdict[int, Tally] = defaultdict(Tally)
    bad: defaultdict[int, list[BadHour]] = defaultdict(list)
    for _, each in read:
        for id, counted in each.tallies.items():
            totals[id].merge(counted)
        for hour in each.bad_hours:
            bad[hour.endpoint_id].append(hour)
    days = {id: tuple(_day(day, each.tallies.get(id)) for day, each in read) for id in totals}
    return History(days, dict(totals), dict(bad))


@dataclass(slots=True)
class _Sum:
    """Of one endpoint on one day. Buckets stay texts, and rows are not made into objects: at first
    a month is read, which is some hundred thousand rows where much goes on."""

    succeeded: int = 0
    failed: int = 0
    rate_limited: int = 0
    latency: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    throughput: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def tally(self) -> Tally:
        return Tally(
            self.succeeded, self.failed, self.rate_limited,
            Histogram.from_json(self.latency), Histogram.from_json(self.throughput),
        )  # fmt: skip


def _read_since(first: date) -> dict[date, _Read]:
    """Minutes and hours alike: a minute is deleted in the transaction that makes its hour."""
    sums: defaultdict[date, defaultdict[int, _Sum]] = defaultdict(lambda: defaultdict(_Sum))
    outcomes: defaultdict[date, list[tuple[int, datetime, int, int]]] = defaultdict(list)
    for id, at, succeeded, failed, rate_limited, latency, throughput in _rows(first):
        day = at.date()
        found = sums[day][id]
        found.succeeded += succeeded
        found.failed += failed
        found.rate_limited += rate_limited
        for counts, text in ((found.latency, latency), (found.throughput, throughput)):
            for bucket, count in orjson.loads(text).items():
                counts[bucket] += count
        if failed or succeeded:
            outcomes[day].append((id, at, succeeded, failed))
    return {
        day: _Read(
            {id: each.tally() for id, each in found.items()}, tuple(bad_hours(outcomes[day]))
        )
        for day, found in sums.items()
    }


def _rows(first: date) -> Iterable[Any]:
    """(endpoint id, moment in UTC, three counts, two histograms as text)."""
    starts_at = datetime(first.year, first.month, first.day, tzinfo=UTC)
    rows = EndpointStatistic.objects.filter(
        duration_s__in=(MINUTE_S, HOUR_S), starts_at__gte=starts_at
    )
    as_text = [Cast(name, TextField()) for name in ("latency", "throughput")]
    found = rows.values_list(
        "endpoint_id", "starts_at", "succeeded", "failed", "rate_limited", *as_text
    )
    return found.iterator()


def _day(day: date, counted: Tally | None) -> Day:
    if counted is None:
        return Day(day)
    return Day(
        day, counted.succeeded, counted.failed, counted.rate_limited,
        counted.latency, counted.throughput,
    )  # fmt: skip


def _empty_cell() -> Cell[History]:
    reader = HistoryReader()
    return Cell(lambda: reader.read(datetime.now(UTC)), ttl_s=_TTL_S, stale_if_error_s=math.inf)


_cell = _empty_cell()


def days_of(days: int = DAYS_MAX) -> Days:
    """By endpoint id: its last `days` days of UTC, oldest first, today last; up to a minute old.

    An endpoint that nobody was sent to in DAYS_MAX days is left out. May read the database; empty
    if it cannot. Raises ValueError for less than 1 or more than DAYS_MAX days.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"days must be 1 to {DAYS_MAX}, not {days}")
    found = history().days
    if days == DAYS_MAX:
        return found
    return {id: each[-days:] for id, each in found.items()}


def totals() -> Mapping[int, Tally]:
    """By endpoint id: all that was counted in DAYS_MAX days; as `days_of`. Read them only."""
    return history().totals


def incidents_of(endpoint_ids: Iterable[int]) -> list[Incident]:
    """What happened to the endpoints of one provider, newest first; as `days_of`."""
    hours = history().bad_hours
    return spans(hour for id in endpoint_ids for hour in hours.get(id, ()))


def history() -> History:
    """Days and totals that belong together; as `days_of`."""
    try:
        return _cell.get_blocking()
    except django.db.Error as error:
        logger.warning("the history of endpoints cannot be read: %s", error)
        return _NOTHING


def forget() -> None:
    """Drop what was read. For tests, where rolling back takes the rows back too."""
    global _cell
    _cell = _empty_cell()
