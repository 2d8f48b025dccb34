"""In which order endpoints that fit are tried. Pure.

The default is the seed's (section Load Balancing): endpoints without a significant outage in the
last seconds come first; one of them is drawn with weight 1/price; the rest follow by price, and
unstable ones last. `order` and `sort` switch the drawing off: then the order is strict, whatever
the health. Nothing that fits is ever dropped for being slow or unstable.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from catalog.snapshot import Endpoint
from routing.figures import Figures
from routing.own_keys import is_preferred, leads
from routing.pricing import typical_pico
from routing.requirements import Choice

Key = Callable[[Endpoint], float]


def ordered(endpoints: list[Endpoint], choice: Choice) -> tuple[Endpoint, ...]:
    """All of them, or only the first when the caller wants no fallbacks (seed)."""
    if choice.own:
        groups = _by_preference(endpoints, choice)
        endpoints = [endpoint for group in groups for endpoint in _in_order(group, choice)]
    else:
        endpoints = _in_order(endpoints, choice)
    return tuple(endpoints if choice.preferences.allow_fallbacks else endpoints[:1])


def is_first(endpoint: Endpoint, choice: Choice) -> bool:
    """A key of the caller's own that he wants used before ours comes before everything, whatever
    `order` and `sort` say, as long as the endpoint is stable (openrouter-today 1.2.2)."""
    return is_preferred(endpoint, choice.own) and choice.health.is_stable(endpoint.id)


def _by_preference(endpoints: list[Endpoint], choice: Choice) -> list[list[Endpoint]]:
    """Keys wanted first; then what is as good as the other; last the keys to be used after ours,
    where we have none. None is empty."""
    first = [endpoint for endpoint in endpoints if is_first(endpoint, choice)]
    last = [
        endpoint
        for endpoint in endpoints
        if endpoint.is_own and not choice.order and not is_preferred(endpoint, choice.own)
    ]
    between = [each for each in endpoints if each not in first and each not in last]
    return [group for group in (first, between, last) if group]


def _in_order(endpoints: list[Endpoint], choice: Choice) -> list[Endpoint]:
    if choice.order:
        rank: dict[str, int] = {}
        for number, provider in enumerate(choice.order):
            rank.setdefault(provider.slug, number)
        endpoints = sorted(endpoints, key=lambda endpoint: rank[endpoint.provider.slug])
    elif len(endpoints) > 1:
        if choice.sort is not None:
            endpoints = sorted(endpoints, key=sort_key(choice))
            if _has_thresholds(choice):
                endpoints = _preferred_first(endpoints, choice)
        elif choice.preferences.allow_fallbacks:
            endpoints = _balanced(endpoints, choice)
        else:
            # "only served by the top (lowest-cost) provider" (seed, Disabling Fallbacks)
            endpoints = sorted(endpoints, key=lambda endpoint: _price(endpoint, choice))
    return endpoints


def odds(endpoints: tuple[Endpoint, ...], choice: Choice) -> list[float]:
    """How likely each of these is to be tried first, before one was drawn; the sum is 1."""
    first = [float(number == 0) for number in range(len(endpoints))]
    if choice.order or choice.sort is not None or len(endpoints) < 2:
        return first
    among = _by_preference(leads(endpoints), choice)[0] if choice.own else list(endpoints)
    drawn = _tiers(among, choice)[0]
    if not choice.health.is_stable(drawn[0].id):
        return first
    drawn.sort(key=lambda endpoint: _price(endpoint, choice))
    weights = _weights(drawn, choice)
    share = {e.id: weight / sum(weights) for e, weight in zip(drawn, weights, strict=True)}
    return [share.get(endpoint.id, 0.0) for endpoint in endpoints]


def _price(endpoint: Endpoint, choice: Choice) -> int:
    return typical_pico(choice.size, endpoint.prices)


def _balanced(endpoints: list[Endpoint], choice: Choice) -> list[Endpoint]:
    by_price = sorted(endpoints, key=lambda endpoint: _price(endpoint, choice))
    tiers = _tiers(by_price, choice)
    first = tiers[0]
    if len(first) > 1 and choice.health.is_stable(first[0].id):
        places = range(len(first))
        first.insert(0, first.pop(choice.rng.choices(places, _weights(first, choice))[0]))
    return first if len(tiers) == 1 else [endpoint for tier in tiers for endpoint in tier]


def _tiers(endpoints: list[Endpoint], choice: Choice) -> list[list[Endpoint]]:
    """Stable ones, those that miss a preferred figure apart; then unstable ones. None is empty."""
    is_stable = choice.health.is_stable
    stable = [endpoint for endpoint in endpoints if is_stable(endpoint.id)]
    unstable = (
        [] if len(stable) == len(endpoints)
        else [endpoint for endpoint in endpoints if endpoint not in stable]
    )  # fmt: skip
    if not _has_thresholds(choice):
        return [tier for tier in (stable, unstable) if tier]
    good = [endpoint for endpoint in stable if _is_preferred(endpoint, choice)]
    slow = [endpoint for endpoint in stable if endpoint not in good]
    return [tier for tier in (good, slow, unstable) if tier]


def _weights(by_price: list[Endpoint], choice: Choice) -> list[float]:
    """1/price to the exponent; among free ones each is as likely as the other."""
    prices = [_price(endpoint, choice) for endpoint in by_price]
    if prices[0] == 0:
        return [float(price == 0) for price in prices]
    return [(prices[0] / price) ** choice.exponent for price in prices]


def _preferred_first(endpoints: list[Endpoint], choice: Choice) -> list[Endpoint]:
    return sorted(endpoints, key=lambda endpoint: not _is_preferred(endpoint, choice))


def _has_thresholds(choice: Choice) -> bool:
    preferences = choice.preferences
    return bool(preferences.preferred_min_throughput or preferences.preferred_max_latency)


def _is_preferred(endpoint: Endpoint, choice: Choice) -> bool:
    """Whether all figures of the last five minutes hold; one that nobody measured yet does."""
    figures = choice.figures(endpoint.id)
    if figures is None:
        return True
    throughput, latency = figures.throughput_5m, figures.latency_5m_s
    return (
        throughput is None
        or all(
            getattr(throughput, name) >= least
            for name, least in choice.preferences.preferred_min_throughput
        )
    ) and (
        latency is None
        or all(
            getattr(latency, name) <= most
            for name, most in choice.preferences.preferred_max_latency
        )
    )


def sort_key(choice: Choice) -> Callable[[Endpoint], tuple[float, int]]:
    """Best first, by the figures of the last half hour; unmeasured ones last; then by price."""
    figure = _SORTS.get(choice.sort or "price")

    def key(endpoint: Endpoint) -> tuple[float, int]:
        found = choice.figures(endpoint.id) if figure else None
        rank = figure(found) if figure and found else (math.inf if figure else 0.0)
        return rank, _price(endpoint, choice)

    return key


def _by_throughput(figures: Figures) -> float:
    return -figures.throughput.p50 if figures.throughput else math.inf


def _by_latency(figures: Figures) -> float:
    return figures.latency_s.p50 if figures.latency_s else math.inf


def _by_reliability(figures: Figures) -> float:
    """`exacto`: OpenRouter ranks by its own benchmarks of tool calls; we have their uptime."""
    return -figures.uptime_1d if figures.uptime_1d is not None else math.inf


_SORTS = {"throughput": _by_throughput, "latency": _by_latency, "exacto": _by_reliability}
