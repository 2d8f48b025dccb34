"""A row of the list, and the filters beside it, as templates show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from catalog.snapshot import Model, Prices
from explore.figures import FigureRow, together
from explore.listing.choice import COMPARED_MAX, Choice
from explore.listing.current import Current
from explore.listing.facets import FACETS, Facet, has_token_price
from explore.listing.families import list_price_of, offers
from explore.listing.index import Option
from explore.listing.ordering import Found, tokens_of
from ui import format

SPARK_DAYS = 14
# A longer list of options scrolls in a box of its own.
_OPTIONS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Row:
    """`daily`: tokens of SPARK_DAYS days, of the model and its variants. `policy`: what all or none
    of its providers do, empty where they differ."""

    model: Model
    variants: tuple[Model, ...]
    daily: tuple[int, ...]
    tokens: int
    figures: FigureRow
    providers: int
    list_prices: Prices | None
    policy: str
    is_served: bool
    has_token_price: bool
    is_compared: bool
    can_be_compared: bool

    @property
    def usage_words(self) -> str:
        if not any(self.daily):
            return f"Nobody used it in {SPARK_DAYS} days"
        return f"{format.compact(sum(self.daily))} tokens in {SPARK_DAYS} days"

    @property
    def created(self) -> datetime | None:
        return created_at(self.model)


@dataclass(frozen=True, slots=True)
class Filter:
    """A facet with its options; `is_long` ones scroll, what is chosen comes first there."""

    facet: Facet
    options: list[Option]
    is_long: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that is chosen; `query` is the address without it."""

    label: str
    query: str


def created_at(model: Model) -> datetime | None:
    """None for what has no date, or none that there could be."""
    try:
        return datetime.fromtimestamp(model.created, UTC) if model.created > 0 else None
    except (OverflowError, OSError, ValueError):
        return None


def row(found: Found, now: Current, choice: Choice) -> Row:
    model = found.lead
    discounted = list_price_of(model)
    is_compared = model.id in choice.compared
    return Row(
        model=model,
        variants=found.models[1:],
        daily=_daily(found, now),
        tokens=tokens_of(found, now.tokens),
        figures=together(endpoint.id for endpoint in model.endpoints),
        providers=len({endpoint.provider.slug for endpoint in model.served_by}),
        list_prices=discounted.list_prices if discounted else None,
        policy=_policy(model),
        is_served=found.is_served,
        has_token_price=has_token_price(model),
        is_compared=is_compared,
        can_be_compared=is_compared or len(choice.compared) < COMPARED_MAX,
    )


def filters(now: Current, choice: Choice) -> list[Filter]:
    """Those that part the models."""
    options = now.index.options(choice)
    found = (
        _filter(facet, options[facet.name])
        for facet in FACETS
        if now.index.tells(facet.name) or choice.values(facet.name)
    )
    return [each for each in found if each.options]


def chips(now: Current, choice: Choice) -> list[Chip]:
    found = [Chip(f"“{choice.text}”", choice.without_words().query)] if choice.words else []
    return found + [
        Chip(_chip_label(name, now.index.labels[name][value]), choice.without((name, value)).query)
        for name, value in choice.chosen
    ]


def hidden_compared(choice: Choice, shown: Iterable[Row]) -> list[str]:
    """Ids that are picked and have no row on this page: the form must not forget them."""
    ids = {each.model.id for each in shown}
    return [id for id in choice.compared if id not in ids]


def not_compared(choice: Choice) -> str:
    return replace(choice, compared=()).query


def _chip_label(facet: str, label: str) -> str:
    return {"input": f"{label} input", "context": f"{label} context"}.get(facet, label)


def _filter(facet: Facet, options: list[Option]) -> Filter:
    is_long = len(options) > _OPTIONS_SHOWN
    if is_long:
        options = [option for option in options if option.count or option.is_chosen]
        options.sort(key=lambda option: not option.is_chosen)
    return Filter(facet, options, is_long)


def _daily(found: Found, now: Current) -> tuple[int, ...]:
    used = [now.usage[model.id][-SPARK_DAYS:] for model in found.models if model.id in now.usage]
    return tuple(map(sum, zip(*used, strict=True))) if used else (0,) * SPARK_DAYS


def _policy(model: Model) -> str:
    may_train = {endpoint.provider.may_train for endpoint in offers(model)}
    if len(may_train) != 1:
        return ""
    return "may-train" if may_train == {True} else "no-training"
