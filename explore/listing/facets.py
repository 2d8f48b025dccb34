"""By what the list of models is narrowed. Pure.

A facet gives each model its values; the values that some model has are the options one can choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from catalog.snapshot import Endpoint, Model
from explore.listing.families import offers

Models = Mapping[str, Model]

# Dollars per 1M prompt tokens, in pico-dollars per token.
_LOW_PICO, _HIGH_PICO = 500_000, 2_000_000
_CONTEXTS = {"16k": 16_000, "32k": 32_000, "128k": 128_000, "1m": 1_000_000}


@dataclass(frozen=True, slots=True)
class Facet:
    """`is_any`: of several chosen values a model needs one, else all of them. `fixed` are labels of
    values in the order they are shown; others follow, named by `names` or as they are."""

    name: str
    label: str
    is_any: bool
    values: Callable[[Model, Models], Iterable[str]]
    fixed: Mapping[str, str] = field(default_factory=dict)
    names: Callable[[Model], Mapping[str, str]] = lambda model: {}
    are_ids: bool = False


def asked_at(model: Model, models: Models) -> list[Endpoint]:
    """A router passes on what it is asked to its candidates."""
    if model.kind != "router":
        return list(offers(model))
    candidates = (models[id] for id in model.routes_to if id in models)
    return [endpoint for each in candidates for endpoint in offers(each)]


def has_token_price(model: Model) -> bool:
    """A router costs what the chosen model costs, media are priced by the object."""
    return model.kind != "router" and not model.media_pricing


def _price(model: Model, models: Models) -> Iterable[str]:
    if not has_token_price(model):
        return
    if model.prices.is_free:
        yield "free"
    elif model.prices.prompt_pico < _LOW_PICO:
        yield "low"
    else:
        yield "middle" if model.prices.prompt_pico <= _HIGH_PICO else "high"


def _context(model: Model, models: Models) -> Iterable[str]:
    return [name for name, least in _CONTEXTS.items() if (model.context_length or 0) >= least]


def _policy(model: Model, models: Models) -> Iterable[str]:
    """Whether somebody serves it who keeps to that. Who keeps nothing cannot train on it: so who
    wants both finds one provider that does both."""
    providers = [each.provider for each in asked_at(model, models)]
    if any(not each.may_train for each in providers):
        yield "no-training"
    if any(not each.may_train and not each.retains_prompts for each in providers):
        yield "no-logging"


def is_served(model: Model, models: Models) -> bool:
    """Whether this server can answer for it."""
    return any(each.provider.served_at is not None for each in asked_at(model, models))


def _served(model: Model, models: Models) -> Iterable[str]:
    return ["here"] if is_served(model, models) else []


FACETS = (
    Facet(
        "served", "On this server", False, _served, {"here": "Available now"}
    ),
    Facet(
        "input", "Input", False, lambda model, _: model.input_modalities,
        {"text": "Text", "image": "Image"},
    ),
    Facet(
        "price", "Prompt price per 1M", True, _price,
        {"free": "Free", "low": "Under $0.50", "middle": "$0.50 – $2", "high": "Over $2"},
    ),
    Facet(
        "context", "Context", False, _context,
        {"16k": "≥ 16K", "32k": "≥ 32K", "128k": "≥ 128K", "1m": "≥ 1M"},
    ),
    Facet(
        "policy", "Data policy", False, _policy,
        {"no-training": "Does not train", "no-logging": "Does not log"},
    ),
    Facet(
        "moderation", "Moderation", True,
        lambda model, _: ["moderated" if model.is_moderated else "none"],
        {"none": "Not moderated", "moderated": "Moderated"},
    ),
    Facet(
        "supports", "Supports", False, lambda model, _: model.supported_parameters,
        {"tools": "Tools", "response_format": "JSON mode", "seed": "Seed", "logprobs": "Logprobs"},
        are_ids=True,
    ),
    Facet(
        "provider", "Provider", True, lambda model, _: {e.provider.slug for e in offers(model)},
        names=lambda model: {each.provider.slug: each.provider.name for each in offers(model)},
    ),
    Facet("author", "Author", True, lambda model, _: [model.id.partition("/")[0]], are_ids=True),
)  # fmt: skip

BY_NAME = {facet.name: facet for facet in FACETS}
