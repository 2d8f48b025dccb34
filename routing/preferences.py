"""Provider preferences: the `provider` object of a request, checked.

Sources: seed, section Provider Routing (its JSON Schema refuses unknown keys); `only`, `ignore`,
`quantizations`, `sort`, `max_price`, `zdr` and the percentiles as OpenRouter has them now.
Whether a named provider exists is for the catalog to say, since an operator can add some.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from openrouter_site.money import PICO_PER_DOLLAR
from routing.parameters import Check, boolean, invalid, mapping, number, one_of, text, texts

TOKENS_PER_PRICE = 1_000_000
NUMERAL_CHARACTERS_MAX = 32
PRICE_MAX_DOLLARS = 1_000_000_000
PERCENTILES = ("p50", "p75", "p90", "p99")
QUANTIZATIONS = [
    "int4",
    "int8",
    "fp4",
    "mxfp4",
    "nvfp4",
    "fp6",
    "fp8",
    "mxfp8",
    "fp16",
    "bf16",
    "fp32",
    "unknown",
]

Percentiles = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class MaxPrice:
    """The most the caller pays: pico-dollars per token, image or request; None is any price."""

    prompt_pico: int | None = None
    completion_pico: int | None = None
    image_pico: int | None = None
    request_pico: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderPreferences:
    """Which providers, and in which order. The defaults are no preference at all.

    `sort_partition` is model or none: whether `sort` is applied within each model, or across them.
    `preferred_min_throughput` (tokens/s) and `preferred_max_latency` (s) are pairs such as
    ("p90", 50.0); a bare number is the median.
    """

    allow_fallbacks: bool = True
    require_parameters: bool = False
    data_collection: str = "allow"
    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    quantizations: tuple[str, ...] = ()
    sort: str | None = None
    sort_partition: str = "model"
    max_price: MaxPrice = MaxPrice()
    zdr: bool = False
    preferred_min_throughput: Percentiles = ()
    preferred_max_latency: Percentiles = ()


ANY_PRICE = MaxPrice()
NO_PREFERENCES = ProviderPreferences()


def parse_preferences(field: str, value: Any) -> ProviderPreferences:
    """Raises BadRequest naming the key, as in provider.order[0]; null is the default."""
    given = mapping(field, value, PREFERENCES)
    checked = {
        key: PREFERENCES[key](f"{field}.{key}", item)
        for key, item in given.items()
        if item is not None
    }
    if "sort" in checked:
        checked["sort"], checked["sort_partition"] = checked["sort"]
    return ProviderPreferences(**checked)


def _sort(field: str, value: Any) -> tuple[str | None, str]:
    """`"price"`, or `{"by": "price", "partition": "none"}`."""
    if type(value) is not dict:
        return _sort_by(field, value), "model"
    given = mapping(field, value, ("by", "partition"))
    by, partition = given.get("by"), given.get("partition")
    return (
        None if by is None else _sort_by(f"{field}.by", by),
        "model" if partition is None else _partition(f"{field}.partition", partition),
    )


def _max_price(field: str, value: Any) -> MaxPrice:
    given = mapping(field, value, MAX_PRICES)
    prices = {
        key: _price_pico(f"{field}.{key}", item, MAX_PRICES[key])
        for key, item in given.items()
        if item is not None
    }
    # No model here has a price for audio, so every one of them is within it.
    prices.pop("audio", None)
    return MaxPrice(**{f"{key}_pico": price for key, price in prices.items()})


def _price_pico(field: str, value: Any, units: int) -> int:
    """Dollars per `units` as pico-dollars per one, rounded down: no whole price lies between."""
    if type(value) in (int, float, str) and len(numeral := str(value)) <= NUMERAL_CHARACTERS_MAX:
        try:
            dollars = Decimal(numeral)
        except InvalidOperation:
            dollars = Decimal("NaN")
        if dollars.is_finite() and 0 <= dollars <= PRICE_MAX_DOLLARS:
            return int(dollars * PICO_PER_DOLLAR / units)
    raise invalid(field, "must be a price in dollars: a number or a numeric string, 0 or above")


def _percentiles(field: str, value: Any) -> Percentiles:
    if type(value) is not dict:
        return (("p50", _positive(field, value)),)
    given = mapping(field, value, PERCENTILES)
    return tuple(
        (key, _positive(f"{field}.{key}", item)) for key, item in given.items() if item is not None
    )


_sort_by = one_of("price", "throughput", "latency", "exacto")
_partition = one_of("model", "none")
_positive = number(0, 1e9, "of 0 or above")
_providers = texts(64, text(64))

MAX_PRICES = {
    "prompt": TOKENS_PER_PRICE,
    "completion": TOKENS_PER_PRICE,
    "image": 1,
    "request": 1,
    "audio": 1,
}

PREFERENCES: dict[str, Check] = {
    "allow_fallbacks": boolean,
    "require_parameters": boolean,
    "data_collection": one_of("allow", "deny"),
    "order": _providers,
    "only": _providers,
    "ignore": _providers,
    "quantizations": texts(len(QUANTIZATIONS), one_of(*QUANTIZATIONS)),
    "sort": _sort,
    "max_price": _max_price,
    "zdr": boolean,
    "preferred_min_throughput": _percentiles,
    "preferred_max_latency": _percentiles,
}
