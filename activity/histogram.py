"""A histogram of milliseconds in whole numbers: the same in Python and in any database.

Buckets grow by a tenth, so a percentile is known within 5 % (below 20 ms, to the millisecond).
Unlike routing.histogram, whose buckets are logarithms, these are found by comparing integers,
which a database does for a million rows and without a rounding of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

# Longer than any request may take.
LARGEST_MS = 3_600_000


def _edges_ms() -> tuple[int, ...]:
    edges = [0]
    while edges[-1] < LARGEST_MS:
        edges.append(max(edges[-1] + 1, edges[-1] * 11 // 10))
    return tuple(edges)


# Bucket i holds what is above EDGES_MS[i - 1] and at most EDGES_MS[i]; the last one, all above.
EDGES_MS = _edges_ms()


def bucket_of(ms: int) -> int:
    return bisect_left(EDGES_MS, ms)


def percentile_ms(counts: Mapping[int, int], percent: int) -> int | None:
    """What `percent` % of the samples do not exceed: nearest rank, the middle of its bucket."""
    rank = max(1, -(-sum(counts.values()) * percent // 100))
    for bucket in sorted(counts):
        rank -= counts[bucket]
        if rank <= 0:
            return _middle_ms(bucket)
    return None


def _middle_ms(bucket: int) -> int:
    if bucket == 0:
        return 0
    if bucket == len(EDGES_MS):
        return EDGES_MS[-1]
    return (EDGES_MS[bucket - 1] + 1 + EDGES_MS[bucket]) // 2
