"""What the datasets have: tokens of models in equal parts of some days. For readers who count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta

from rankings.models import ModelDay
from rankings.spans import Span

MODELS_MAX = 50
OTHER = "other"
# Where the part of the calendar begins that a day is in; weeks are those of ISO 8601.
PERIODS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}


@dataclass(frozen=True, slots=True)
class ModelTokens:
    """`begins_on` is the first day of the part; OTHER is the model of what is not among the top."""

    begins_on: date
    model: str
    tokens: int


def model_tokens(
    span: Span, period: str, models: Collection[str] | None = None
) -> list[ModelTokens]:
    """Oldest part first, in each the MODELS_MAX models with the most tokens, then the others as
    one. `models`: these alone. Raises the database's errors."""
    begin = PERIODS[period]
    parts: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = ModelDay.objects.filter(day__gte=span.first, day__lte=span.last, tokens__gt=0)
    for day, model, tokens in rows.values_list("day", "model", "tokens").iterator():
        if models is None or model in models:
            parts[begin(day)][model] += tokens
    return [
        ModelTokens(begins_on, model, tokens)
        for begins_on in sorted(parts)
        for model, tokens in _top(parts[begins_on])
    ]


def _top(tokens: dict[str, int]) -> list[tuple[str, int]]:
    ranked = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(number for _, number in ranked[MODELS_MAX:])
    return [*ranked[:MODELS_MAX], *([(OTHER, rest)] if rest else [])]
