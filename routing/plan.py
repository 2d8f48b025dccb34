"""Which endpoints are tried, in which order. Pure: given the same generator, the same plan.

    resolution    the models that the request names, or that a router chooses
    requirements  which of their endpoints may serve it; the others with the reason
    ordering      the order of those

What is here puts them together, and sees to prompts that no context is long enough for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from random import Random

from catalog.snapshot import Catalog, Endpoint, Model, Provider
from openrouter_site.errors import BadRequest
from routing import tokens
from routing.figures import Figures
from routing.nobody import nobody_fits
from routing.ordering import is_first, ordered, sort_key
from routing.own_keys import ways
from routing.pricing import COMPLETION_TOKENS_MINIMUM, Size
from routing.request import ChatRequest
from routing.requirements import (
    CONTEXT_LENGTH,
    TOOLS,
    Choice,
    Dropped,
    Stability,
    fits,
    takes_tools,
)
from routing.resolution import Caller, Wanted, resolve

# What an answer is left when the prompt must be cut and the caller names no max_tokens.
_ANSWER_TOKENS_MAX = 4096
# Families count differently (routing.tokens.family_factor); their means are off by a few percent.
_BUDGET_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Compression:
    """Middle-out: the prompt shall have `budget_tokens` (GPT-4's) and `messages_max` at most.

    `native_tokens_max` is then the most that the provider can count.
    """

    budget_tokens: int
    native_tokens_max: int
    messages_max: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One model with the endpoints to try, in order; never empty."""

    model: Model
    endpoints: tuple[Endpoint, ...]
    compression: Compression | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes in order: the model asked for, then its fallbacks. `note` is a router's reason."""

    requested: tuple[str, ...]
    routes: tuple[Route, ...]
    dropped: tuple[Dropped, ...]
    strategy: str
    note: str
    choice: Choice = field(repr=False, compare=False)


def _unmeasured(endpoint_id: int) -> Figures | None:
    return None


def plan(
    request: ChatRequest,
    caller: Caller,
    catalog: Catalog,
    health: Stability,
    rng: Random,
    *,
    size: Size,
    exponent: float = 1.0,
    figures: Callable[[int], Figures | None] = _unmeasured,
    own_fee_bp: int = 0,
) -> Plan:
    """Raises BadRequest for a model or provider nobody knows, Unavailable (503) when none fits."""
    resolution = resolve(request, caller, catalog, size)
    preferences = request.provider
    choice = Choice(
        request=request,
        preferences=preferences,
        order=tuple(_providers(preferences.order, "order", catalog)),
        only=frozenset(p.slug for p in _providers(preferences.only, "only", catalog)),
        ignore=frozenset(p.slug for p in _providers(preferences.ignore, "ignore", catalog)),
        caller=caller,
        size=size,
        health=health,
        figures=figures,
        rng=rng,
        exponent=exponent,
        own=caller.own_providers,
        fee_bp=own_fee_bp,
    )
    routes = [route for wanted in resolution.wanted if (route := _route(wanted, choice))]
    if not routes:
        raise nobody_fits(resolution.requested, choice, catalog)
    if preferences.sort_partition == "none" and len(routes) > 1:
        routes = _pooled(routes, choice)
    if choice.ways:
        routes = [_in_all_ways(route, choice) for route in routes]
    return Plan(
        resolution.requested,
        tuple(routes),
        tuple(choice.dropped),
        resolution.strategy,
        resolution.note,
        choice,
    )


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


def _route(wanted: Wanted, choice: Choice) -> Route | None:
    model = wanted.model
    choice.sort = wanted.sort or choice.preferences.sort
    endpoints = _leads(model, choice) if choice.own else model.endpoints
    fitting = [endpoint for endpoint in endpoints if fits(endpoint, model, choice)]
    if not fitting:
        return None
    if choice.request.has_tools and len(fitting) > 1:
        fitting = _native_tools(fitting, choice)
    fitting, compression = _within_context(model, fitting, choice)
    return Route(model, ordered(fitting, choice), compression) if fitting else None


def _leads(model: Model, choice: Choice) -> list[Endpoint]:
    """Its endpoints as this caller may use them, each in the way that is tried first."""
    found = [ways(endpoint, choice.own, choice.fee_bp) for endpoint in model.endpoints]
    choice.ways |= {each[0].id: each for each in found}
    return [each[0] for each in found]


def _in_all_ways(route: Route, choice: Choice) -> Route:
    return replace(
        route, endpoints=tuple(way for lead in route.endpoints for way in choice.ways[lead.id])
    )


def _native_tools(endpoints: list[Endpoint], choice: Choice) -> list[Endpoint]:
    """Those that take tools, if any: elsewhere they are words in the prompt."""
    native = [each for each in endpoints if takes_tools(each)]
    if not native or len(native) == len(endpoints):
        return endpoints
    choice.dropped += [
        Dropped(each.model_id, each.provider.name, TOOLS)
        for each in endpoints
        if each not in native
    ]
    return native


def _within_context(
    model: Model, endpoints: list[Endpoint], choice: Choice
) -> tuple[list[Endpoint], Compression | None]:
    """Those that can take the whole prompt; where none can, the longest ones with middle-out."""
    size, most = choice.size, model.messages_max
    factor = tokens.family_factor(model.tokenizer)
    needed = size.prompt_tokens * factor + (size.max_tokens or COMPLETION_TOKENS_MINIMUM)
    whole = [endpoint for endpoint in endpoints if needed <= endpoint.context_length]
    too_many = most is not None and choice.request.message_count > most
    if len(whole) == len(endpoints) and not too_many:
        return whole, None
    if whole and not too_many:
        kept, compression = whole, None
    elif not choice.cuts_prompts:
        kept, compression = [], None
    else:
        # Endpoints of much shorter contexts would cost the fallback more words than it is worth.
        longest = max(endpoint.context_length for endpoint in endpoints)
        kept = [e for e in whole or endpoints if 4 * e.context_length >= 3 * longest]
        compression = _compression(kept, factor, size, most)
    for endpoint in endpoints:
        if endpoint not in kept:
            choice.dropped.append(Dropped(model.id, endpoint.provider.name, CONTEXT_LENGTH))
    return kept, compression


def _compression(
    endpoints: list[Endpoint], factor: float, size: Size, messages_max: int | None
) -> Compression:
    context = min(endpoint.context_length for endpoint in endpoints)
    answer = size.max_tokens
    if answer is None:
        longest_answers = [e.max_completion_tokens or context for e in endpoints]
        answer = min(context // 4, _ANSWER_TOKENS_MAX, *longest_answers)
    native = max(1, context - max(answer, COMPLETION_TOKENS_MINIMUM))
    return Compression(max(1, int(native / factor * _BUDGET_SHARE)), native, messages_max)


def _pooled(routes: list[Route], choice: Choice) -> list[Route]:
    """`sort.partition: "none"`: the endpoints of all models in one order (today's docs)."""
    choice.sort = choice.preferences.sort or "price"
    best = sort_key(choice)
    if choice.own:
        best = _own_first(best, choice)
    offers = [(route, endpoint) for route in routes for endpoint in route.endpoints]
    offers.sort(key=lambda offer: best(offer[1]))
    return [
        Route(route.model, tuple(endpoint for _, endpoint in group), route.compression)
        for route, group in groupby(offers, key=lambda offer: offer[0])
    ]


def _own_first(
    best: Callable[[Endpoint], tuple[float, int]], choice: Choice
) -> Callable[[Endpoint], tuple[float, int]]:
    """An order that puts what the caller wants used first before everything."""

    def key(endpoint: Endpoint) -> tuple[float, int]:
        rank, price = best(endpoint)
        return (-math.inf if is_first(endpoint, choice) else rank), price

    return key
