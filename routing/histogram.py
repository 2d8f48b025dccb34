"""Histograms with logarithmic buckets: percentiles of millions of samples from a few dozen numbers.

Bucket i holds what is above g**(i-1) and at most g**i, so whatever is in it is known within
ACCURACY (the sketch of Masson, Rim and Lee, "DDSketch", 2019). Two histograms add up without loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log

# The largest relative error of a percentile.
ACCURACY = 0.05

# Values are taken as within these, which limits the buckets to about two hundred: for seconds,
# from a millisecond on; for tokens per second, up to a million.
SMALLEST, LARGEST = 1e-3, 1e6

_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_BUCKETS_PER_E = 1 / log(_GROWTH)


class Histogram:
    """`counts`: samples by bucket. Empty buckets are not there."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def add(self, value: float) -> None:
        if value < SMALLEST:
            value = SMALLEST
        elif value > LARGEST:
            value = LARGEST
        bucket = ceil(log(value) * _BUCKETS_PER_E)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def merge(self, other: Histogram) -> None:
        counts = self.counts
        for bucket, count in other.counts.items():
            counts[bucket] = counts.get(bucket, 0) + count

    def percentile(self, percent: int, *, highest_first: bool = False) -> float:
        """What `percent` % of the samples do not exceed (`highest_first`: do not fall below).

        The nearest rank, within ACCURACY. Raises ValueError when there are no samples.
        """
        rank = max(1, -(-self.total * percent // 100))
        for bucket in sorted(self.counts, reverse=highest_first):
            rank -= self.counts[bucket]
            if rank <= 0:
                return 2 * _GROWTH**bucket / (_GROWTH + 1)
        raise ValueError("no samples")

    def as_json(self) -> dict[str, int]:
        return {str(bucket): count for bucket, count in self.counts.items()}

    @staticmethod
    def from_json(counts: Mapping[str, int]) -> Histogram:
        return Histogram({int(bucket): count for bucket, count in counts.items()})
