"""Which models a request may be served by, in order: what it names, made into models. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from catalog.snapshot import Catalog, Model
from openrouter_site.errors import BadRequest
from routing import auto
from routing.own_keys import OwnProviders
from routing.pricing import Size
from routing.request import ChatRequest
from routing.requirements import Policy, is_served

# For a model without a row of this name (spec/decisions.md).
SORT_SUFFIXES = {"nitro": "throughput", "floor": "price"}

DIRECT, AUTO, FALLBACK = "direct", "auto", "fallback"


class Caller(Policy, Protocol):
    """What routing must know of the key."""

    @property
    def default_model(self) -> str: ...

    @property
    def own_providers(self) -> OwnProviders: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model to try, with the sorting that the suffix of its name asks for."""

    model: Model
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """`requested` as the caller wrote it; `note` says why a router chose this order."""

    requested: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    strategy: str
    note: str = ""


def resolve(request: ChatRequest, caller: Caller, catalog: Catalog, size: Size) -> Resolution:
    """Raises BadRequest for a model that nobody knows."""
    requested = _requested(request, caller, catalog)
    strategy = DIRECT if len(requested) == 1 else FALLBACK
    note = ""
    wanted: dict[str, Wanted] = {}
    for name in requested:
        model, sort = _named(name, catalog)
        if model.kind == "router":
            ranking = auto.ranked(request, size, model, catalog)
            strategy, note = AUTO, ranking.assessment.reason
            found = [Wanted(each) for each in ranking.models]
        else:
            found = [Wanted(model, sort)]
        for each in found:
            # Many clients repeat `model` at the head of `models`.
            wanted.setdefault(each.model.id, each)
    return Resolution(requested, tuple(wanted.values()), strategy, note)


def named(request: ChatRequest, caller: Caller) -> tuple[str, ...]:
    """The models that the caller names, in order; his default where he names none."""
    if request.models:
        return (request.model, *request.models) if request.model else request.models
    return (request.model or caller.default_model,)


def _requested(request: ChatRequest, caller: Caller, catalog: Catalog) -> tuple[str, ...]:
    """What is named, and one fallback of ours for `route` alone (seed)."""
    names = named(request, caller)
    if request.models or request.route != "fallback":
        return names
    alternative = _open_alternative(names[0], catalog)
    return (*names, alternative) if alternative else names


def _open_alternative(name: str, catalog: Catalog) -> str | None:
    """The most appropriate open model priced at or below this one (seed, Model Routing).

    Open means that its weights are published; the dearest of those is taken to be the best.
    """
    primary = catalog.models.get(name)
    if primary is None:
        return None
    wanted = set(primary.input_modalities)
    for model in _open_models(catalog):
        if (
            model.id != name
            and model.prices.prompt_pico <= primary.prices.prompt_pico
            and model.prices.completion_pico <= primary.prices.completion_pico
            and wanted <= set(model.input_modalities)
        ):
            return model.id
    return None


@lru_cache(maxsize=2)
def _open_models(catalog: Catalog) -> tuple[Model, ...]:
    """Served chat models with published weights, dearest first; once for each catalog."""
    found = [
        model
        for model in catalog.models.values()
        if model.hugging_face_id
        and model.kind == "chat"
        and model.variant is None
        and any(is_served(endpoint) for endpoint in model.endpoints)
    ]
    found.sort(key=lambda m: (m.prices.prompt_pico + m.prices.completion_pico, m.id), reverse=True)
    return tuple(found)


def _named(name: str, catalog: Catalog) -> tuple[Model, str | None]:
    model = catalog.models.get(name)
    sort = None
    if model is None:
        base, _, suffix = name.rpartition(":")
        sort = SORT_SUFFIXES.get(suffix)
        model = catalog.models.get(base) if sort else None
        if suffix == "online" and base in catalog.models:
            raise BadRequest(
                f"{name}: no web search is configured on this server. Ask for {base}.",
                {"field": "model"},
            )
    if model is None:
        raise BadRequest(f"{name} is not a valid model ID", {"field": "model"})
    if model.kind == "media":
        raise BadRequest(
            f"{name} makes media. Use POST /api/v1/objects/generations.", {"field": "model"}
        )
    return model, sort
