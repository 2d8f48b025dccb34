"""The rows of statistics: written by each process, read by all (and see routing.rollup)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, Sum

from routing.figures import Figures, Tally
from routing.histogram import Histogram
from routing.models import EndpointStatistic, ProviderProbe

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
# Providers are probed each 30 s; after four probes that did not come, the last says nothing.
PROBE_AGE_S_MAX = 120
# Transactions stay short: in SQLite the money writer waits for them.
ROWS_PER_TRANSACTION = 500

# Every process has written a minute so long after its end, while the database can be written.
_MINUTE_FINAL_AFTER_S = 60

_NOTHING = Tally()
Minute = dict[int, Tally]  # by endpoint

_KEY = ["endpoint_id", "starts_at", "duration_s", "instance_id"]
COUNTS = ["succeeded", "failed", "rate_limited", "latency", "throughput"]


@dataclass(frozen=True, slots=True)
class Board:
    """What all rows say at one moment. `read_s`: Unix seconds."""

    figures: Mapping[int, Figures]
    probed_down: frozenset[str]
    read_s: float


def moment(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)


def row(
    endpoint_id: int, starts_s: int, instance_id: str, tally: Tally, duration_s: int = MINUTE_S
) -> EndpointStatistic:
    """`starts_s`: Unix seconds of a full minute (hour)."""
    return EndpointStatistic(
        endpoint_id=endpoint_id,
        starts_at=moment(starts_s),
        duration_s=duration_s,
        instance_id=instance_id,
        succeeded=tally.succeeded,
        failed=tally.failed,
        rate_limited=tally.rate_limited,
        latency=tally.latency.as_json(),
        throughput=tally.throughput.as_json(),
    )


def tally(counts: Sequence[Any]) -> Tally:
    """Of the values of COUNTS in a row."""
    succeeded, failed, rate_limited, latency, throughput = counts
    return Tally(
        succeeded,
        failed,
        rate_limited,
        Histogram.from_json(latency),
        Histogram.from_json(throughput),
    )


def write(rows: Sequence[EndpointStatistic]) -> None:
    """Insert the rows; what a row of the same key said before is replaced."""
    for first in range(0, len(rows), ROWS_PER_TRANSACTION):
        EndpointStatistic.objects.bulk_create(
            rows[first : first + ROWS_PER_TRANSACTION],
            update_conflicts=True,
            unique_fields=_KEY,
            update_fields=COUNTS,
        )


# --- Reading -----------------------------------------------------------------------------------


class Reader:
    """Reads everybody's rows again and again; of minutes that are over, each only once.

    A minute that a process writes later than that, after an outage of the database, is missed by
    the readers that run now: it counts for the day, and for who starts later.
    """

    def __init__(self) -> None:
        self._over: dict[datetime, Minute] = {}

    def read(self, now_s: float) -> Board:
        """Figures of now. A row belongs to a span that it is partly in: what was counted in the
        whole span is in, and up to one row's length of what was before."""
        minutes = self._last_30m(now_s)
        five_minutes_ago = moment(now_s - 5 * MINUTE_S - MINUTE_S)
        last_30m = _sum(minutes.values())
        last_5m = _sum(each for starts_at, each in minutes.items() if starts_at > five_minutes_ago)
        figures = {
            endpoint_id: Figures.of(
                last_5m.get(endpoint_id, _NOTHING), last_30m.get(endpoint_id, _NOTHING), last_1d
            )
            for endpoint_id, last_1d in _last_day(now_s).items()
        }
        return Board(figures, _probed_down(now_s), now_s)

    def _last_30m(self, now_s: float) -> Mapping[datetime, Minute]:
        oldest = moment(now_s - 30 * MINUTE_S - MINUTE_S)
        over = {starts_at: each for starts_at, each in self._over.items() if starts_at > oldest}
        read = _minutes_after(max(over, default=oldest))
        final = moment(now_s - _MINUTE_FINAL_AFTER_S - MINUTE_S)
        self._over = over | {
            starts_at: each for starts_at, each in read.items() if starts_at <= final
        }
        return over | read


def _minutes_after(boundary: datetime) -> dict[datetime, Minute]:
    minutes: defaultdict[datetime, Minute] = defaultdict(lambda: defaultdict(Tally))
    rows = EndpointStatistic.objects.filter(duration_s=MINUTE_S, starts_at__gt=boundary)
    for endpoint_id, starts_at, *counts in rows.values_list("endpoint_id", "starts_at", *COUNTS):
        minutes[starts_at][endpoint_id].merge(tally(counts))
    return minutes


def _sum(minutes: Iterable[Minute]) -> Minute:
    total: Minute = defaultdict(Tally)
    for minute in minutes:
        for endpoint_id, tally in minute.items():
            total[endpoint_id].merge(tally)
    return total


def _since(now_s: float, span_s: int, duration_s: int) -> Q:
    """Rows of this length that are at least partly in the last `span_s` seconds."""
    return Q(duration_s=duration_s, starts_at__gt=moment(now_s - span_s - duration_s))


def _last_day(now_s: float) -> dict[int, Tally]:
    """What was counted in the last 24 hours, by endpoint: no histograms."""
    rows = EndpointStatistic.objects.filter(
        _since(now_s, DAY_S, MINUTE_S) | _since(now_s, DAY_S, HOUR_S)
    )
    sums = rows.values_list("endpoint_id").annotate(Sum("succeeded"), Sum("failed"))
    return {
        endpoint_id: Tally(succeeded=succeeded, failed=failed)
        for endpoint_id, succeeded, failed in sums
    }


def _probed_down(now_s: float) -> frozenset[str]:
    probes = ProviderProbe.objects.filter(ok=False, checked_at__gte=moment(now_s - PROBE_AGE_S_MAX))
    return frozenset(probes.values_list("provider_slug", flat=True))
