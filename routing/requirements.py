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
from routing.figures import Figures
from routing.preferences import ProviderPreferences
from routing.pricing import Size
from routing.request import ChatRequest


class Stability(Protocol):
    def is_stable(self, endpoint_id: int) -> bool: ...


class Policy(Protocol):
    """The settings of the caller's account. The stricter of them and the request's wins."""

    @property
    def allow_training(self) -> bool: ...

    @property
    def ignored_providers(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Dropped:
    """An endpoint that cannot serve this request, and the requirement it fails."""

    model: str
    provider: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"model": self.model, "provider": self.provider, "reason": self.reason}


@dataclass(slots=True)
class Choice:
    """What one call of `plan` knows."""

    request: ChatRequest
    preferences: ProviderPreferences
    order: tuple[Provider, ...]
    only: frozenset[str]
    ignore: frozenset[str]
    caller: Policy
    size: Size
    health: Stability
    figures: Callable[[int], Figures | None]
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


def ignored_parameters(endpoint: Endpoint, request: ChatRequest) -> frozenset[str]:
    """What of the request this endpoint would not be sent (seed, Non-standard parameters)."""
    supported = endpoint.supported_parameters | {"parallel_tool_calls"}
    # What the dialect leaves out is not supported, whatever the endpoint's list says.
    return request.requested_parameters - (supported - endpoint.provider.unsupported_parameters)


def _supports_parameters(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    if not choice.preferences.require_parameters:
        return True
    return not ignored_parameters(endpoint, choice.request)


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


def _within_max_tokens(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    """An answer of the length asked for must be possible, with a prompt beside it."""
    asked = choice.size.max_tokens
    if asked is None:
        return True
    most = endpoint.max_completion_tokens
    return (not most or asked <= most) and asked < endpoint.context_length


# Dropped by routing.plan, which knows all endpoints of the model, and by no rule below.
CONTEXT_LENGTH = "context length"
MAX_TOKENS = "max_tokens"
ACCOUNT_DATA_POLICY = "data policy of the account"
ACCOUNT_IGNORES = "ignored by the account"
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
    (ACCOUNT_IGNORES, lambda e, m, c: e.provider.slug not in c.caller.ignored_providers),
    (
        "provider.data_collection",
        lambda e, m, c: not (c.preferences.data_collection == "deny" and e.provider.may_train),
    ),
    (ACCOUNT_DATA_POLICY, lambda e, m, c: c.caller.allow_training or not e.provider.may_train),
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
    (MAX_TOKENS, _within_max_tokens),
)
