"""What is counted of generations, said once: for taking sums and for reading without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.expressions import Combinable

from activity.bisected import Bisected
from activity.histogram import EDGES_MS

# What became of a request: exactly one of these is true.
FAILED = Q(finish_reason="error")
CANCELLED = Q(cancelled=True) & ~FAILED
SUCCEEDED = Q(cancelled=False) & ~FAILED

# Only streams have a first content that somebody sees before the rest.
HAS_FIRST_CONTENT = Q(streamed=True, latency_ms__isnull=False)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of some generations; the fields are columns of activity.models.Usage."""

    requests: int = 0
    failures: int = 0
    cancelled: int = 0
    own_key_requests: int = 0
    tokens_prompt: int = 0
    tokens_completion: int = 0
    native_tokens_prompt: int = 0
    native_tokens_completion: int = 0
    cost_nano: int = 0
    upstream_cost_nano: int = 0

    @property
    def tokens(self) -> int:
        return self.tokens_prompt + self.tokens_completion

    @staticmethod
    def sum(parts: Iterable[Totals]) -> Totals:
        columns = zip(*(part.values for part in parts), strict=True)
        return Totals(*map(sum, columns))

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in MEASURES)


MEASURES = tuple(field.name for field in fields(Totals))

_COUNTS = {
    "requests": Count("pk"),
    "failures": Count("pk", filter=FAILED),
    "cancelled": Count("pk", filter=CANCELLED),
    "own_key_requests": Count("pk", filter=Q(is_byok=True)),
}
# The names under which a query has them: a generation has columns called like some measures.
SUM_NAMES = tuple(f"sum_{name}" for name in MEASURES)
OF_GENERATIONS: dict[str, Combinable] = {
    f"sum_{name}": _COUNTS.get(name) or Sum(name) for name in MEASURES
}
OF_SUMS: dict[str, Combinable] = {f"sum_{name}": Sum(name) for name in MEASURES}


def totals(values: Sequence[Any]) -> Totals:
    """Of the columns SUM_NAMES. PostgreSQL gives sums of 64-bit integers as decimals; and where
    nothing is grouped, a query without rows has one row without sums."""
    return Totals(*(int(value or 0) for value in values))


FIRST_CONTENT_BUCKET = Bisected("latency_ms", EDGES_MS)
