"""A model and its variants are one row of the list. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.snapshot import Endpoint, Model

# In the order of a row; any other variant comes after them.
_VARIANTS = ("free", "nitro", "extended", "beta")


@dataclass(frozen=True, slots=True)
class Family:
    """`models`: the one without a variant first, if there is one."""

    id: str
    models: tuple[Model, ...]


def families(models: Iterable[Model]) -> tuple[Family, ...]:
    """Each model is in exactly one of them."""
    found: defaultdict[str, list[Model]] = defaultdict(list)
    for model in models:
        found[_family_id(model)].append(model)
    return tuple(Family(id, tuple(sorted(each, key=_place))) for id, each in found.items())


def offers(model: Model) -> tuple[Endpoint, ...]:
    """Who can be asked for it; where nobody serves it here, who could be."""
    return model.served_by or model.endpoints


def list_price_of(model: Model) -> Endpoint | None:
    """The endpoint whose price is the model's, where that is a price after a discount."""
    return next(
        (each for each in offers(model) if each.prices == model.prices and each.list_prices), None
    )


def _family_id(model: Model) -> str:
    if model.base_id:
        return model.base_id
    return model.id.removesuffix(f":{model.variant}") if model.variant else model.id


def _place(model: Model) -> tuple[int, str]:
    if not model.variant:
        return -1, model.id
    known = model.variant in _VARIANTS
    return _VARIANTS.index(model.variant) if known else len(_VARIANTS), model.id
