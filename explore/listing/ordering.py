"""In which order the rows of the list come. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from catalog.snapshot import Model
from explore.listing.facets import has_token_price
from explore.listing.families import Family


@dataclass(frozen=True, slots=True)
class Found:
    """A family, and those of its models that are wanted; the first one stands for them.
    `is_served`: whether this server can answer for that one."""

    family: Family
    models: tuple[Model, ...]
    is_served: bool = True

    @property
    def lead(self) -> Model:
        return self.models[0]


@dataclass(frozen=True, slots=True)
class Speed:
    """Of the median answer; None where too few were measured."""

    latency_ms: int | None = None
    tokens_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """By model id: tokens of the last days, and speeds, which are read when somebody asks."""

    tokens: Mapping[str, int]
    speeds: Callable[[], Mapping[str, Speed]]


Key = Callable[[Found], float]
"""Smaller comes first; infinity is what is not known."""


@dataclass(frozen=True, slots=True)
class Sort:
    label: str
    key: Callable[[Measured], Key]


def tokens_of(found: Found, tokens: Mapping[str, int]) -> int:
    """Variants count: they are the same model."""
    used = tokens.get(found.lead.id, 0)
    return used + sum(tokens.get(model.id, 0) for model in found.models[1:])


def _used(measured: Measured) -> Key:
    return lambda found: -tokens_of(found, measured.tokens)


def _newest(measured: Measured) -> Key:
    return lambda found: -found.lead.created


def _price(sign: int) -> Callable[[Measured], Key]:
    def key(found: Found) -> float:
        prices = found.lead.prices
        if not has_token_price(found.lead):
            return math.inf
        # The completion decides between models of the same prompt price.
        return sign * (prices.prompt_pico << 64 | prices.completion_pico)

    return lambda measured: key


def _context(measured: Measured) -> Key:
    return lambda found: -(found.lead.context_length or 0)


def _throughput(measured: Measured) -> Key:
    speeds = measured.speeds()

    def key(found: Found) -> float:
        known = speeds.get(found.lead.id, Speed()).tokens_per_second
        return math.inf if known is None else -known

    return key


def _latency(measured: Measured) -> Key:
    speeds = measured.speeds()

    def key(found: Found) -> float:
        known = speeds.get(found.lead.id, Speed()).latency_ms
        return math.inf if known is None else known

    return key


SORTS = {
    "used": Sort("Most used", _used),
    "newest": Sort("Newest", _newest),
    "price": Sort("Price: low to high", _price(1)),
    "price-high": Sort("Price: high to low", _price(-1)),
    "context": Sort("Longest context", _context),
    "throughput": Sort("Highest throughput", _throughput),
    "latency": Sort("Lowest latency", _latency),
}
DEFAULT_SORT = "used"


def ordered(found: Iterable[Found], sort: str, measured: Measured) -> list[Found]:
    """What nobody serves here comes last, whatever the order; equals by age and name."""
    key = SORTS[sort].key(measured)
    return sorted(
        found,
        key=lambda each: (
            not each.is_served,
            key(each),
            -each.lead.created,
            each.lead.name.casefold(),
            each.lead.id,
        ),
    )
