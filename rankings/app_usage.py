"""What one app used, for its own page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Min

from rankings.models import AppDay
from rankings.spans import Span


@dataclass(frozen=True, slots=True)
class AppUsage:
    """`models` are tokens of each day of the span by model id, oldest first; `since` is the first
    day ever."""

    span: Span
    models: Mapping[str, tuple[int, ...]]
    requests: int
    since: date | None

    @property
    def tokens(self) -> int:
        return sum(map(sum, self.models.values()))


def usage_of(app_id: int, span: Span) -> AppUsage:
    """Raises the database's errors."""
    tokens: defaultdict[str, list[int]] = defaultdict(lambda: [0] * span.days)
    requests = 0
    days = AppDay.objects.filter(app=app_id)
    rows = days.filter(day__gte=span.first, day__lte=span.last)
    for model, day, spent, asked in rows.values_list("model", "day", "tokens", "requests"):
        tokens[model][(day - span.first).days] += spent
        requests += asked
    return AppUsage(
        span,
        {model: tuple(each) for model, each in tokens.items()},
        requests,
        days.aggregate(first=Min("day"))["first"],
    )
