"""Which endpoints are tried, in which order. Pure: given the same generator, the same plan.

The default order is the seed's (section Load Balancing): endpoints without a significant outage in
the last seconds come first; one of them is drawn with weight 1/price; the rest follow by price, and
unstable ones last. Nothing that fits is ever dropped for being unstable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from catalog.snapshot import Catalog, Endpoint, Model, Provider
from openrouter_site.errors import BadRequest, Unavailable
from routing.pricing import Size, typical_pico
from routing.request import ChatRequest
from routing.requirements import (
    CONTEXT_LENGTH,
    NOT_SERVED,
    Choice,
    Dropped,
    Stability,
    fits,
    is_served,
)

SORT_SUFFIXES = {"nitro": "throughput", "floor": "price"}


class Caller(Protocol):
    """What the plan must know of the key."""

    @property
    def default_model(self) -> str: ...

    @property
    def allow_training(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One model with the endpoints to try, in order; never empty."""

    model: Model
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes in order: the model asked for, then its fallbacks."""

    requested: tuple[str, ...]
    routes: tuple[Route, ...]
    dropped: tuple[Dropped, ...] = ()


def plan(
    request: ChatRequest,
    caller: Caller,
    catalog: Catalog,
    health: Stability,
    rng: Random,
    *,
    size: Size,
    exponent: float = 1.0,
) -> Plan:
    """Raises BadRequest for a model or provider nobody knows, Unavailable (503) when none fits."""
    requested = _requested(request, caller, catalog)
    preferences = request.provider
    choice = Choice(
        request=request,
        preferences=preferences,
        order=tuple(_providers(preferences.order, "order", catalog)),
        only=frozenset(p.slug for p in _providers(preferences.only, "only", catalog)),
        ignore=frozenset(p.slug for p in _providers(preferences.ignore, "ignore", catalog)),
        deny_training=preferences.data_collection == "deny" or not caller.allow_training,
        size=size,
        health=health,
        rng=rng,
        exponent=exponent,
    )
    routes = []
    asked: set[str] = set()
    for name in requested:
        for model, sort in _resolve(name, catalog):
            if model.id in asked:
                continue  # many clients repeat `model` at the head of `models`
            asked.add(model.id)
            choice.sort = sort or preferences.sort
            fitting = [endpoint for endpoint in model.endpoints if fits(endpoint, model, choice)]
            if fitting:
                routes.append(Route(model, _ordered(fitting, choice)))
    if not routes:
        raise _nobody_fits(requested, choice, catalog)
    return Plan(requested, tuple(routes), tuple(choice.dropped))


def _requested(request: ChatRequest, caller: Caller, catalog: Catalog) -> tuple[str, ...]:
    """The model, then its fallbacks: those listed, or one of ours for `route` alone (seed)."""
    if request.models:
        return (request.model, *request.models) if request.model else request.models
    name = request.model or caller.default_model
    alternative = _open_alternative(name, catalog) if request.route == "fallback" else None
    return (name, alternative) if alternative else (name,)


def _open_alternative(name: str, catalog: Catalog) -> str | None:
    """The most appropriate open model priced at or below this one (seed, Model Routing).

    Open means that its weights are published; the dearest of those is taken to be the best.
    """
    primary = catalog.models.get(name)
    if primary is None:
        return None
    candidates = [
        model
        for model in catalog.models.values()
        if model.hugging_face_id
        and model.kind == "chat"
        and model.variant is None
        and model.id != name
        and model.prices.prompt_pico <= primary.prices.prompt_pico
        and model.prices.completion_pico <= primary.prices.completion_pico
        and set(primary.input_modalities) <= set(model.input_modalities)
        and any(is_served(endpoint) for endpoint in model.endpoints)
    ]
    best = max(
        candidates,
        key=lambda model: (model.prices.prompt_pico + model.prices.completion_pico, model.id),
        default=None,
    )
    return best.id if best else None


def _providers(names: Iterable[str], where: str, catalog: Catalog) -> Iterable[Provider]:
    for name in names:
        provider = catalog.provider_named(name)
        if provider is None:
            known = ", ".join(sorted(provider.name for provider in catalog.providers.values()))
            raise BadRequest(
                f"provider.{where}: {name!r} is not a provider. Use one of: {known}.",
                {"field": f"provider.{where}"},
            )
        yield provider


def _resolve(name: str, catalog: Catalog) -> list[tuple[Model, str | None]]:
    """The model of this name, with the sorting its suffix asks for; a router's candidates."""
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
    if model.kind == "router":
        return [(catalog.models[id], None) for id in model.routes_to if id in catalog.models]
    return [(model, sort)]


def _ordered(endpoints: list[Endpoint], choice: Choice) -> tuple[Endpoint, ...]:
    if choice.order:
        rank: dict[str, int] = {}
        for number, provider in enumerate(choice.order):
            rank.setdefault(provider.slug, number)
        ordered = sorted(endpoints, key=lambda endpoint: rank[endpoint.provider.slug])
    elif len(endpoints) == 1:
        ordered = endpoints
    elif choice.sort is not None:
        ordered = sorted(endpoints, key=lambda endpoint: _price(endpoint, choice))
    else:
        ordered = _balanced(endpoints, choice)
    return tuple(ordered if choice.preferences.allow_fallbacks else ordered[:1])


def _price(endpoint: Endpoint, choice: Choice) -> int:
    return typical_pico(choice.size, endpoint.prices)


def _balanced(endpoints: list[Endpoint], choice: Choice) -> list[Endpoint]:
    by_price = sorted(endpoints, key=lambda endpoint: _price(endpoint, choice))
    stable = [endpoint for endpoint in by_price if choice.health.is_stable(endpoint.id)]
    unstable = [endpoint for endpoint in by_price if endpoint not in stable]
    if len(stable) > 1:
        first = _drawn(stable, choice)
        stable.remove(first)
        stable.insert(0, first)
    return stable + unstable


def _drawn(stable: list[Endpoint], choice: Choice) -> Endpoint:
    """One of them with weight 1/price; among free ones each is as likely as the other."""
    prices = [_price(endpoint, choice) for endpoint in stable]
    if prices[0] == 0:
        weights = [float(price == 0) for price in prices]
    else:
        weights = [(prices[0] / price) ** choice.exponent for price in prices]
    return choice.rng.choices(stable, weights)[0]


def _nobody_fits(requested: tuple[str, ...], choice: Choice, catalog: Catalog) -> Exception:
    """The 503 that says which requirement dropped whom; 400 when the prompt is simply too long."""
    reasons = {drop.reason for drop in choice.dropped}
    if reasons - NOT_SERVED == {CONTEXT_LENGTH}:
        return _too_long(requested, choice, catalog)
    by_reason: dict[str, list[str]] = {}
    for drop in choice.dropped:
        names = by_reason.setdefault(drop.reason, [])
        if drop.provider not in names:
            names.append(drop.provider)
    summary = "; ".join(f"{reason}: {', '.join(names)}" for reason, names in by_reason.items())
    metadata: dict[str, Any] = {
        "requested_models": list(requested),
        "dropped": [
            {"model": drop.model, "provider": drop.provider, "reason": drop.reason}
            for drop in choice.dropped[:50]
        ],
    }
    return Unavailable(
        f"No available model provider of {', '.join(requested)} meets your routing requirements"
        + (f" ({summary})." if summary else ": nobody serves it."),
        metadata,
    )


def _too_long(requested: tuple[str, ...], choice: Choice, catalog: Catalog) -> BadRequest:
    short = {(d.model, d.provider) for d in choice.dropped if d.reason == CONTEXT_LENGTH}
    longest = max(
        endpoint.context_length
        for id, provider in short
        for endpoint in catalog.models[id].endpoints
        if endpoint.provider.name == provider
    )
    return BadRequest(
        f"This endpoint's maximum context length is {longest} tokens. However, you requested about"
        f" {choice.size.prompt_tokens} tokens. Please reduce the length of the messages.",
        {"error_type": "context_length_exceeded", "field": "messages"},
    )
