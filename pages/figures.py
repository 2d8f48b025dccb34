"""What the landing page tells of this instance's own traffic: the last seven days.

Read at most once a minute, whatever the number of visitors.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncDate

from billing.models import Generation
from openrouter_site.cell import Cell

_DAYS = 7
_TOP = 5
_TTL_S = 60


@dataclass(frozen=True, slots=True)
class TopModel:
    """`daily` are tokens of each day, oldest first."""

    id: str
    tokens: int
    daily: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    tokens: int
    top: tuple[TopModel, ...]


def _read() -> Traffic:
    today = datetime.now(UTC).date()
    first = today - timedelta(days=_DAYS - 1)
    rows = (
        Generation.objects.filter(created_at__date__gte=first)
        .annotate(day=TruncDate("created_at", tzinfo=UTC))
        .values("model", "day")
        .annotate(prompt=Sum("tokens_prompt"), completion=Sum("tokens_completion"))
        .order_by()
    )
    by_model: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        by_model[row["model"]][row["day"]] = row["prompt"] + row["completion"]
    days = [first + timedelta(days=number) for number in range(_DAYS)]
    ranked = sorted(by_model.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    top = (
        TopModel(id, sum(used.values()), tuple(used.get(day, 0) for day in days))
        for id, used in ranked[:_TOP]
    )
    return Traffic(sum(sum(used.values()) for used in by_model.values()), tuple(top))


def _empty_cell() -> Cell[Traffic]:
    return Cell(_read, ttl_s=_TTL_S, stale_if_error_s=math.inf)


_cell = _empty_cell()


def traffic() -> Traffic:
    """May read the database, and raise its errors."""
    return _cell.get_blocking()


def forget() -> None:
    """For tests, where rolling back takes the rows away."""
    global _cell
    _cell = _empty_cell()
