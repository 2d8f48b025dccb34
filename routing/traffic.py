"""The traffic of the last minutes by provider, for the operator: rates, errors, time to content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.snapshot import Catalog, Provider
from routing.figures import Tally
from routing.models import EndpointStatistic
from routing.statistic_rows import COUNTS, MINUTE_S, moment, tally

SPAN_MINUTES = 5
SERIES_MINUTES = 30
# The row of an endpoint that was deleted since.
GONE = "deleted endpoints"


@dataclass(frozen=True, slots=True)
class Lane:
    """What one provider did in the span; rate per second, no `latency_p95_s` without a sample."""

    provider: str
    attempts: int
    rate: float
    failed: int
    rate_limited: int
    latency_p95_s: float | None

    @property
    def error_percent(self) -> float | None:
        """Of the attempts; 429 is no error, since the next one serves."""
        return 100 * self.failed / self.attempts if self.attempts else None


@dataclass(frozen=True, slots=True)
class Traffic:
    """`total` is of all lanes together; `series` the attempts of each minute, oldest first."""

    total: Lane
    lanes: tuple[Lane, ...]
    series: tuple[int, ...]


def read(catalog: Catalog, now_s: float) -> Traffic:
    """`now_s`: Unix seconds. Raises the database's errors."""
    providers = providers_by_endpoint(catalog)
    this_minute_s = int(now_s // MINUTE_S) * MINUTE_S
    first_s = this_minute_s - SERIES_MINUTES * MINUTE_S
    span_s = this_minute_s - (SPAN_MINUTES - 1) * MINUTE_S
    series: defaultdict[int, int] = defaultdict(int)
    sums: defaultdict[str, Tally] = defaultdict(Tally)
    rows = EndpointStatistic.objects.filter(duration_s=MINUTE_S, starts_at__gte=moment(first_s))
    for endpoint_id, starts_at, *counts in rows.values_list("endpoint_id", "starts_at", *COUNTS):
        counted, starts_s = tally(counts), int(starts_at.timestamp())
        series[starts_s] += _attempts(counted)
        if starts_s >= span_s:
            provider = providers.get(endpoint_id)
            sums[provider.name if provider else GONE].merge(counted)
    seconds = max(1.0, now_s - span_s)
    whole = Tally()
    for each in sums.values():
        whole.merge(each)
    lanes = [_lane(name, each, seconds) for name, each in sums.items()]
    return Traffic(
        _lane("", whole, seconds),
        tuple(sorted(lanes, key=lambda lane: (-lane.attempts, lane.provider))),
        tuple(series[at_s] for at_s in range(first_s, this_minute_s + 1, MINUTE_S)),
    )


def providers_by_endpoint(catalog: Catalog) -> Mapping[int, Provider]:
    return {
        endpoint.id: endpoint.provider
        for model in catalog.models.values()
        for endpoint in model.endpoints
    }


def nothing(provider: str) -> Lane:
    """Of a provider without traffic in the span."""
    return _lane(provider, Tally(), 1.0)


def _attempts(counted: Tally) -> int:
    return counted.succeeded + counted.failed + counted.rate_limited


def _lane(provider: str, counted: Tally, seconds: float) -> Lane:
    attempts = _attempts(counted)
    has_samples = bool(counted.latency.counts)
    return Lane(
        provider=provider,
        attempts=attempts,
        rate=attempts / seconds,
        failed=counted.failed,
        rate_limited=counted.rate_limited,
        latency_p95_s=counted.latency.percentile(95) if has_samples else None,
    )
