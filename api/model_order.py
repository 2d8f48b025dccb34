"""In which order GET /models shows them (openrouter-today 1.7). Without `sort`, as in the catalog.

Scores of benchmarks are not known here: to sort by one leaves the order as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from activity import popularity
from catalog.snapshot import Model
from routing import statistics
from routing.figures import Figures

NEWEST: Final = "newest"
UNKNOWN_SCORES: Final = (
    "intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low",
    "design-arena-elo-high-to-low",
)  # fmt: skip

Key = Callable[[Model], float]
_LAST: Final = float("inf")


def _price(model: Model) -> float:
    return model.prices.prompt_pico + model.prices.completion_pico


def _by_price(sign: int) -> Callable[[], Key]:
    """Routers have the price of whom they pick, so they come last either way."""
    return lambda: lambda model: _LAST if model.kind == "router" else sign * _price(model)


def _by_use(days: int) -> Callable[[], Key]:
    def key() -> Key:
        tokens = popularity.tokens_by_model(days)
        return lambda model: -tokens.get(model.id, 0)

    return key


def _by_throughput() -> Key:
    figures = statistics.current()
    return lambda model: min(_of_endpoints(model, figures, _slowness), default=_LAST)


def _by_latency() -> Key:
    figures = statistics.current()
    return lambda model: min(_of_endpoints(model, figures, _latency), default=_LAST)


def _of_endpoints(
    model: Model, figures: Mapping[int, Figures], measure: Callable[[Figures], float | None]
) -> list[float]:
    found = (figures.get(endpoint.id) for endpoint in model.endpoints)
    values = (measure(each) for each in found if each is not None)
    return [value for value in values if value is not None]


def _slowness(figures: Figures) -> float | None:
    return -figures.throughput.p50 if figures.throughput else None


def _latency(figures: Figures) -> float | None:
    return figures.latency_s.p50 if figures.latency_s else None


_KEYS: Final[dict[str, Callable[[], Key]]] = {
    "most-popular": _by_use(popularity.MONTH),
    NEWEST: lambda: lambda model: -model.created,
    "top-weekly": _by_use(popularity.WEEK),
    "pricing-low-to-high": _by_price(1),
    "pricing-high-to-low": _by_price(-1),
    "context-high-to-low": lambda: lambda model: -(model.context_length or 0),
    "throughput-high-to-low": _by_throughput,
    "latency-low-to-high": _by_latency,
}
SORTS: Final = (*_KEYS, *UNKNOWN_SCORES)


def ordered(models: list[Model], sort: str | None) -> list[Model]:
    """By one of SORTS; equal ones, and all without a sort, stay in the order given."""
    if sort not in _KEYS:
        return models
    return sorted(models, key=_KEYS[sort]())
