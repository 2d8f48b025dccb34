"""The cards: what a period came to, beside the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from activity.histogram import percentile_ms
from activity.measures import Totals
from activity.periods import Period
from activity.reading import Reading


@dataclass(frozen=True, slots=True)
class Card:
    """A figure now and before; None where there is nothing to tell it from."""

    value: int | None
    before: int | None

    @property
    def change_percent(self) -> int | None:
        """By how much it grew, rounded; None where there was nothing before."""
        if self.value is None or not self.before:
            return None
        return _rounded(100 * (self.value - self.before), self.before)


@dataclass(frozen=True, slots=True)
class Overview:
    """`success_bp` is hundredths of a percent; cancelled requests did not fail."""

    current: Totals
    before: Totals
    spend_nano: Card
    requests: Card
    success_bp: Card
    tokens_prompt: Card
    tokens_completion: Card
    first_content_p50_ms: Card
    first_content_p95_ms: Card


def overview(reading: Reading, period: Period) -> Overview:
    # Between the two is what is left of the day that the period before ends in.
    begin, end = period.before_begin, period.end
    edges = (period.before_end, period.begin)
    cells = reading.usage(begin, end, edges=edges)
    streams = reading.first_content(begin, end, edges=edges)
    now, before = cells.get((2, ()), Totals()), cells.get((0, ()), Totals())
    return Overview(
        current=now,
        before=before,
        spend_nano=Card(now.cost_nano, before.cost_nano),
        requests=Card(now.requests, before.requests),
        success_bp=Card(_success_bp(now), _success_bp(before)),
        tokens_prompt=Card(now.tokens_prompt, before.tokens_prompt),
        tokens_completion=Card(now.tokens_completion, before.tokens_completion),
        first_content_p50_ms=_percentiles(streams, 50),
        first_content_p95_ms=_percentiles(streams, 95),
    )


def _percentiles(streams: Mapping[int, Mapping[int, int]], percent: int) -> Card:
    return Card(
        percentile_ms(streams.get(2, {}), percent), percentile_ms(streams.get(0, {}), percent)
    )


def _success_bp(totals: Totals) -> int | None:
    if not totals.requests:
        return None
    # Downwards: one failure among a million is not 100 %.
    return 10_000 * (totals.requests - totals.failures) // totals.requests


def _rounded(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves away from zero; the denominator is positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
