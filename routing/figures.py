"""What is said of an endpoint from what was counted: uptime, latency, throughput. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field

from routing.histogram import Histogram


@dataclass(slots=True)
class Tally:
    """What was counted of one endpoint in some span of time."""

    succeeded: int = 0
    failed: int = 0
    rate_limited: int = 0
    latency: Histogram = field(default_factory=Histogram)
    throughput: Histogram = field(default_factory=Histogram)

    @property
    def events(self) -> int:
        """How many things were counted: it grows with each change."""
        return self.succeeded + self.failed + self.rate_limited + self.latency.total

    @property
    def uptime(self) -> float | None:
        """Percent of the attempts that succeeded; None without one.

        Requests refused for what was in them are no attempts, and 429 is tracked apart
        (openrouter-today 2.2, step 4).
        """
        decided = self.succeeded + self.failed
        return 100 * self.succeeded / decided if decided else None

    def merge(self, other: Tally) -> None:
        self.succeeded += other.succeeded
        self.failed += other.failed
        self.rate_limited += other.rate_limited
        self.latency.merge(other.latency)
        self.throughput.merge(other.throughput)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """p99 is what 99 % of the answers reach: of latency the longest, of throughput the slowest."""

    p50: float
    p75: float
    p90: float
    p99: float

    @staticmethod
    def of(histogram: Histogram, *, more_is_better: bool) -> Percentiles | None:
        if not histogram.counts:
            return None
        return Percentiles(
            *(histogram.percentile(each, highest_first=more_is_better) for each in (50, 75, 90, 99))
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Uptimes are percent, latencies seconds until the first content, throughputs tokens/second.

    None where there is no sample. Percentiles without a span in their name are of 30 minutes.
    """

    uptime_5m: float | None = None
    uptime_30m: float | None = None
    uptime_1d: float | None = None
    latency_s: Percentiles | None = None
    throughput: Percentiles | None = None
    latency_5m_s: Percentiles | None = None
    throughput_5m: Percentiles | None = None

    @staticmethod
    def of(last_5m: Tally, last_30m: Tally, last_1d: Tally) -> Figures:
        return Figures(
            uptime_5m=last_5m.uptime,
            uptime_30m=last_30m.uptime,
            uptime_1d=last_1d.uptime,
            latency_s=Percentiles.of(last_30m.latency, more_is_better=False),
            throughput=Percentiles.of(last_30m.throughput, more_is_better=True),
            latency_5m_s=Percentiles.of(last_5m.latency, more_is_better=False),
            throughput_5m=Percentiles.of(last_5m.throughput, more_is_better=True),
        )
