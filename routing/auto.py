"""openrouter/auto: which of the selected good models suits this prompt. Pure.

Seed, Model Routing: "choose between selected high-quality models based on heuristics applied to
your prompt". The prompt is judged easy, medium or hard (routing.assessment); the
candidates follow in the order that suits (`ranked`): small ones first for an easy prompt, the best
with a fitting strength for a hard one. The plan tries them in that order, so what the caller's
policy or credits forbid is passed over there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import orjson

from catalog.snapshot import Catalog, Model
from routing.assessment import Assessment, assess
from routing.pricing import Size, typical_pico
from routing.request import ChatRequest

_TABLE = Path(__file__).parent / "data" / "auto_models.json"
_TIERS = {"easy": (1, 2, 3), "medium": (2, 3, 1), "hard": (3, 2, 1)}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every candidate exactly once, best first."""

    models: tuple[Model, ...]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class _Judgement:
    tier: int
    strengths: frozenset[str] = frozenset()


def ranked(request: ChatRequest, size: Size, router: Model, catalog: Catalog) -> Ranking:
    """The router's candidates that the catalog has, in the order that suits this prompt."""
    assessment = assess(request, size)
    judged = _judged(router.id, catalog)
    tiers = _TIERS[assessment.difficulty]

    def rank(candidate: tuple[Model, _Judgement]) -> tuple[bool, int, int, int, str]:
        model, judgement = candidate
        return (
            _lacks_something(model, assessment, size),
            tiers.index(judgement.tier),
            -len(judgement.strengths & assessment.traits),
            typical_pico(size, model.prices),
            model.id,
        )

    return Ranking(tuple(model for model, _ in sorted(judged, key=rank)), assessment)


def _lacks_something(model: Model, assessment: Assessment, size: Size) -> bool:
    """Whether others should be asked first, though the plan might let it serve."""
    needed = size.prompt_tokens + (size.max_tokens or 512)
    return (
        ("images" in assessment.traits and "image" not in model.input_modalities)
        or ("tools" in assessment.traits and "tools" not in model.supported_parameters)
        or needed > (model.context_length or needed)
    )


@lru_cache(maxsize=8)
def _judged(router_id: str, catalog: Catalog) -> tuple[tuple[Model, _Judgement], ...]:
    """The candidates, once for each catalog: as in the table; an operator's own gets its tier from
    its price among the others."""
    known, routes_to = _table(), catalog.models[router_id].routes_to
    candidates = {id: catalog.models[id] for id in routes_to if id in catalog.models}
    prices = sorted(m.prices.prompt_pico + m.prices.completion_pico for m in candidates.values())
    judged = []
    for model in candidates.values():
        place = prices.index(model.prices.prompt_pico + model.prices.completion_pico)
        by_price = _Judgement(1 + 3 * place // max(1, len(prices)))
        judged.append((model, known.get(model.id, by_price)))
    return tuple(judged)


@lru_cache(maxsize=1)
def _table() -> Mapping[str, _Judgement]:
    document = orjson.loads(_TABLE.read_bytes())
    return MappingProxyType(
        {
            id: _Judgement(entry["tier"], frozenset(entry["strengths"]))
            for id, entry in document["models"].items()
        }
    )
