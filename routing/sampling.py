"""Sampling parameters as callers really use them: what is kept of a request, and the percentiles.

Kept with each generation: the numbers the caller explicitly sent, and nothing else of the request.
The percentiles are told only where enough callers sent one, so that they tell of no single caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from billing.models import Generation
from openrouter_site.cell import CellMap
from openrouter_site.database import orm_connection
from routing.request import ChatRequest

PARAMETERS = (
    "frequency_penalty", "min_p", "presence_penalty", "repetition_penalty",
    "temperature", "top_a", "top_k", "top_p",
)  # fmt: skip
PERCENTS = (10, 50, 90)
GENERATIONS_MIN, USERS_MIN = 10, 3
# The newest ones of so many days; more would say the same and take longer.
DAYS, _GENERATIONS_READ = 30, 5000
_FIGURES_TTL_S = 600
_FIGURES_KEPT = 2000

# {"temperature_p10": 0.7, ...}, null where too few sent it.
Figures = Mapping[str, float | None]


def sent(request: ChatRequest) -> str:
    """What of a request is kept with its generation: a JSON object, or nothing."""
    given = {name: request.parameters[name] for name in PARAMETERS if name in request.parameters}
    return orjson.dumps(given).decode() if given else ""


def figures(model_id: str, provider_name: str = "") -> Figures:
    """At most ten minutes old; raises the database's errors."""
    return _figures.get_blocking(f"{model_id} {provider_name}")


def _read(name: str) -> Figures:
    model_id, _, provider_name = name.partition(" ")
    since = timezone.now() - timedelta(days=DAYS)
    rows = Generation.objects.filter(model=model_id, created_at__gte=since)
    if provider_name:
        rows = rows.filter(provider_name=provider_name)
    newest = rows.order_by("-created_at").values_list("user_id", "parameters")
    with orm_connection():
        found = list(newest[:_GENERATIONS_READ])
    return percentiles((user_id, orjson.loads(text)) for user_id, text in found if text)


def percentiles(used: Iterable[tuple[int, Mapping[str, Any]]]) -> Figures:
    """From (user, what he sent): p10, p50 and p90 of each parameter, by nearest rank."""
    values: dict[str, list[float]] = {name: [] for name in PARAMETERS}
    users: dict[str, set[int]] = {name: set() for name in PARAMETERS}
    for user_id, parameters in used:
        for name, value in parameters.items():
            if name in values:
                values[name].append(value)
                users[name].add(user_id)
    found: dict[str, float | None] = {}
    for name in PARAMETERS:
        ordered = sorted(values[name])
        enough = len(ordered) >= GENERATIONS_MIN and len(users[name]) >= USERS_MIN
        for percent in PERCENTS:
            rank = -(-len(ordered) * percent // 100) - 1
            found[f"{name}_p{percent}"] = ordered[rank] if enough else None
    return found


def forget() -> None:
    """Drop what is in memory. For tests, where rows are rolled back."""
    _figures.clear()


_figures: CellMap[Figures] = CellMap(
    _read, ttl_s=_FIGURES_TTL_S * min(1, settings.TIMEOUT_SCALE), size=_FIGURES_KEPT
)
