"""Which models GET /models shows: each filter of the query string as a condition. Pure.

Source: openrouter-today 1.7. What is not here is ignored, as there: unknown parameters, and filters
by what this catalog does not know of a model (category, region, distillability, scores).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from api import query_values
from api.query_values import Query
from catalog.snapshot import Endpoint, Model

Condition = Callable[[Model], bool]

MODALITIES = (
    "text", "image", "audio", "video", "file", "embeddings", "rerank", "decisions", "speech",
    "transcription", "3d",
)  # fmt: skip
ALL = "all"
CONTEXT_MAX = 1_000_000_000
AGE_DAYS_MAX = 36_500
_DAY_S = 86_400
_PICO_PER_DOLLAR_A_MILLION = 1_000_000
_WITHOUT_TOKEN_PRICE = frozenset({"router", "media"})


def conditions(query: Query, now_s: float) -> list[Condition]:
    """Of all the filters given. Raises BadRequest for a value that cannot be."""
    return [
        *_by_words(query),
        *_by_abilities(query),
        *_by_prices(query),
        *_by_sellers(query),
        *_by_age(query, now_s),
    ]


def serving(model: Model) -> Sequence[Endpoint]:
    """The endpoints that are served here; all of them where none is."""
    served = [each for each in model.endpoints if each.provider.served_at is not None]
    return served or model.endpoints


def _by_words(query: Query) -> list[Condition]:
    found: list[Condition] = []
    if words := query.get("q", "").casefold().split():
        found.append(lambda model: all(word in _text(model) for word in words))
    if authors := query_values.names(query, "model_authors"):
        found.append(lambda model: model.id.partition("/")[0].lower() in authors)
    if tokenizers := query_values.names(query, "arch"):
        found.append(lambda model: model.tokenizer.lower() in tokenizers)
    return found


def _text(model: Model) -> str:
    return f"{model.id} {model.name}".casefold()


def _by_abilities(query: Query) -> list[Condition]:
    found: list[Condition] = []
    if parameters := query_values.names(query, "supported_parameters"):
        found.append(lambda model: parameters.issubset(model.supported_parameters))
    if inputs := query_values.names(query, "input_modalities", MODALITIES):
        found.append(lambda model: inputs.issubset(model.input_modalities))
    outputs = query_values.names(query, "output_modalities", (*MODALITIES, ALL))
    if outputs and ALL not in outputs:
        found.append(lambda model: not outputs.isdisjoint(model.output_modalities))
    if context := query_values.whole_number(query, "context", 0, CONTEXT_MAX):
        found.append(lambda model: (model.context_length or 0) >= context)
    return found


def _by_prices(query: Query) -> list[Condition]:
    return [
        condition
        for name, attribute, is_minimum in (
            ("min_price", "prompt_pico", True),
            ("max_price", "prompt_pico", False),
            ("min_output_price", "completion_pico", True),
            ("max_output_price", "completion_pico", False),
        )
        if (bound := query_values.dollars(query, name)) is not None
        for condition in [_price(attribute, bound, is_minimum)]
    ]


def _price(attribute: str, bound: Decimal, is_minimum: bool) -> Condition:
    """Dollars a million tokens. Routers and what sells no tokens have no such price."""
    bound_pico = bound * _PICO_PER_DOLLAR_A_MILLION

    def condition(model: Model) -> bool:
        price_pico = getattr(model.prices, attribute)
        fits = price_pico >= bound_pico if is_minimum else price_pico <= bound_pico
        return fits and model.kind not in _WITHOUT_TOKEN_PRICE

    return condition


def _by_sellers(query: Query) -> list[Condition]:
    found: list[Condition] = []
    if sellers := query_values.names(query, "providers"):
        found.append(
            lambda model: any(
                each.provider.slug in sellers or each.provider.name.lower() in sellers
                for each in model.endpoints
            )
        )
    if query_values.flag(query, "zdr"):
        found.append(lambda model: any(not e.provider.retains_prompts for e in serving(model)))
    return found


def _by_age(query: Query, now_s: float) -> list[Condition]:
    found: list[Condition] = []
    if youngest := query_values.whole_number(query, "min_age_days", 0, AGE_DAYS_MAX):
        found.append(lambda model: model.created <= now_s - youngest * _DAY_S)
    oldest = query_values.whole_number(query, "max_age_days", 0, AGE_DAYS_MAX)
    if oldest is not None:
        found.append(lambda model: model.created >= now_s - oldest * _DAY_S)
    return found
