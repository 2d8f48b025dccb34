"""What an endpoint must satisfy to serve a request, each rule by name. Pure.

The names are what a 503 tells the caller: which requirement dropped which provider.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from catalog.snapshot import Endpoint, Model, Provider
from routing.adapters import DIALECTS
from routing.preferences import ProviderPreferences
from routing.pricing import Size
from routing.request import ChatRequest


class Stability(Protocol):
    def is_stable(self, endpoint_id: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Dropped:
    """An endpoint that cannot serve this request, and the requirement it fails."""

    model: str
    provider: str
    reason: str


@dataclass(slots=True)
class Choice:
    """What one call of `plan` knows."""

    request: ChatRequest
    preferences: ProviderPreferences
    order: tuple[Provider, ...]
    only: frozenset[str]
    ignore: frozenset[str]
    deny_training: bool
    size: Size
    health: Stability
    rng: Random
    exponent: float
    sort: str | None = None
    dropped: list[Dropped] = field(default_factory=list)


def is_served(endpoint: Endpoint) -> bool:
    """Whether anybody at all can be asked there."""
    return endpoint.provider.served_at is not None and endpoint.provider.dialect in DIALECTS


def fits(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    """Whether it may serve; the first rule it fails goes into `choice.dropped`."""
    for reason, test in _REQUIREMENTS:
        if not test(endpoint, model, choice):
            choice.dropped.append(Dropped(model.id, endpoint.provider.name, reason))
            return False
    return True


def _supports_parameters(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    if not choice.preferences.require_parameters:
        return True
    supported = endpoint.supported_parameters | {"parallel_tool_calls"}
    # What the dialect leaves out is not supported, whatever the endpoint's list says.
    supported -= endpoint.provider.unsupported_parameters
    return choice.request.requested_parameters <= supported


def _supports_tools(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    """Where some provider of the model takes tools, only such a one may have the request."""
    if not choice.request.has_tools or "tools" in endpoint.supported_parameters:
        return True
    return not any("tools" in other.supported_parameters for other in model.endpoints)


def _within_price(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    ceiling, prices = choice.preferences.max_price, endpoint.prices
    return all(
        most is None or price <= most
        for most, price in (
            (ceiling.prompt_pico, prices.prompt_pico),
            (ceiling.completion_pico, prices.completion_pico),
            (ceiling.image_pico, prices.image_pico),
            (ceiling.request_pico, prices.request_pico),
        )
    )


CONTEXT_LENGTH = "context length"
_NO_CREDENTIAL = "no credential configured"
_NO_DIALECT = "protocol not supported yet"
# Not of the caller's making: whoever these drop serves nobody at all.
NOT_SERVED = frozenset({_NO_CREDENTIAL, _NO_DIALECT})

Requirement = Callable[[Endpoint, Model, Choice], bool]
_REQUIREMENTS: tuple[tuple[str, Requirement], ...] = (
    (_NO_CREDENTIAL, lambda e, m, c: e.provider.served_at is not None),
    (_NO_DIALECT, lambda e, m, c: e.provider.dialect in DIALECTS),
    ("provider.order", lambda e, m, c: not c.order or e.provider in c.order),
    ("provider.only", lambda e, m, c: not c.only or e.provider.slug in c.only),
    ("provider.ignore", lambda e, m, c: e.provider.slug not in c.ignore),
    ("data policy", lambda e, m, c: not (c.deny_training and e.provider.may_train)),
    (
        "provider.zdr",
        lambda e, m, c: not c.preferences.zdr or not e.provider.retains_prompts,
    ),
    (
        "provider.quantizations",
        lambda e, m, c: (
            not c.preferences.quantizations
            or (e.quantization or "unknown") in c.preferences.quantizations
        ),
    ),
    ("provider.max_price", _within_price),
    ("provider.require_parameters", _supports_parameters),
    ("tools", _supports_tools),
    (
        "image input",
        lambda e, m, c: not c.request.image_count or "image" in m.input_modalities,
    ),
    (CONTEXT_LENGTH, lambda e, m, c: c.size.prompt_tokens < e.context_length),
)
