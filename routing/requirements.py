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
from routing.data_policy import CLAUSES, Clause, DataPolicy
from routing.figures import Figures
from routing.own_keys import NO_KEYS, OwnProviders, may_use_ours
from routing.preferences import ANY_PRICE, ProviderPreferences
from routing.pricing import Size
from routing.request import ChatRequest


class Stability(Protocol):
    def is_stable(self, endpoint_id: int) -> bool: ...


class Policy(DataPolicy, Protocol):
    """The settings of the caller's account and key. The stricter of them and the request's wins.

    `allowed_models` are ids; none means all. `middle_out` is for requests that say nothing of it.
    """

    @property
    def allowed_models(self) -> frozenset[str]: ...

    @property
    def middle_out(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Dropped:
    """An endpoint that cannot serve this request, and the requirement it fails."""

    model: str
    provider: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"model": self.model, "provider": self.provider, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement by name. Most requests make few demands: `applies` is asked once for each."""

    reason: str
    applies: Callable[[Choice], bool]
    allows: Callable[[Endpoint, Model, Choice], bool]


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
    own: OwnProviders = field(default_factory=lambda: NO_KEYS, repr=False)
    fee_bp: int = 0
    sort: str | None = None
    # Of a caller with keys of his own: all ways to use an endpoint, by the id of the first.
    ways: dict[int, tuple[Endpoint, ...]] = field(default_factory=dict, repr=False)
    dropped: list[Dropped] = field(default_factory=list)
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        self.rules = tuple(rule for rule in _RULES if rule.applies(self))

    @property
    def cuts_prompts(self) -> bool:
        """Whether middle-out may make a prompt shorter: as the request says, else the account."""
        asked = self.request.transforms
        return self.caller.middle_out if asked is None else bool(asked)


def is_served(endpoint: Endpoint) -> bool:
    """Whether anybody at all can be asked there."""
    return endpoint.provider.served_at is not None and endpoint.provider.dialect in DIALECTS


def fits(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    """Whether it may serve; the first rule it fails goes into `choice.dropped`."""
    for rule in choice.rules:
        if not rule.allows(endpoint, model, choice):
            choice.dropped.append(Dropped(model.id, endpoint.provider.name, rule.reason))
            return False
    return True


def takes_tools(endpoint: Endpoint) -> bool:
    """Natively."""
    return (
        "tools" in endpoint.supported_parameters
        and "tools" not in endpoint.provider.unsupported_parameters
    )


def ignored_parameters(endpoint: Endpoint, request: ChatRequest) -> frozenset[str]:
    """What of the request this endpoint would not be sent (seed, Non-standard parameters)."""
    supported = endpoint.supported_parameters | {"parallel_tool_calls"}
    # What the dialect leaves out is not supported, whatever the endpoint's list says.
    return request.requested_parameters - (supported - endpoint.provider.unsupported_parameters)


def _supports_parameters(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    return not ignored_parameters(endpoint, choice.request)


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


def _sends_images(endpoint: Endpoint) -> bool:
    """Whether the provider's protocol has a place for them."""
    return getattr(DIALECTS[endpoint.provider.dialect], "TAKES_IMAGES", True)


def _within_max_tokens(endpoint: Endpoint, model: Model, choice: Choice) -> bool:
    """An answer of the length asked for must be possible, with a prompt beside it."""
    asked, most = choice.size.max_tokens or 0, endpoint.max_completion_tokens
    return (not most or asked <= most) and asked < endpoint.context_length


# Dropped by routing.plan, which knows all endpoints of the model, and by no rule below.
CONTEXT_LENGTH = "context length"
TOOLS = "tools"
MAX_TOKENS = "max_tokens"
OWN_KEYS_ONLY = "own keys only"
KEY_MODELS = "models of this key"
_NO_CREDENTIAL = "no credential configured"
_NO_DIALECT = "protocol not supported yet"
# Not of the caller's making: whoever these drop serves nobody at all.
NOT_SERVED = frozenset({_NO_CREDENTIAL, _NO_DIALECT})


def _always(choice: Choice) -> bool:
    return True


def _of_account(clause: Clause) -> Rule:
    return Rule(
        clause.reason,
        lambda c: clause.applies(c.caller),
        lambda e, m, c: clause.allows(e.provider, c.caller),
    )


_RULES = (
    # First: of what the key may not use, nothing else need be told.
    Rule(
        KEY_MODELS,
        lambda c: bool(c.caller.allowed_models),
        lambda e, m, c: m.id in c.caller.allowed_models,
    ),
    Rule(_NO_CREDENTIAL, _always, lambda e, m, c: e.provider.served_at is not None),
    Rule(_NO_DIALECT, _always, lambda e, m, c: e.provider.dialect in DIALECTS),
    Rule(OWN_KEYS_ONLY, lambda c: bool(c.own), lambda e, m, c: e.is_own or may_use_ours(e, c.own)),
    Rule(
        "provider.order",
        lambda c: bool(c.order),
        lambda e, m, c: any(e.provider.slug == each.slug for each in c.order),
    ),
    Rule("provider.only", lambda c: bool(c.only), lambda e, m, c: e.provider.slug in c.only),
    Rule(
        "provider.ignore", lambda c: bool(c.ignore), lambda e, m, c: e.provider.slug not in c.ignore
    ),
    Rule(
        "provider.data_collection",
        lambda c: c.preferences.data_collection == "deny",
        lambda e, m, c: not e.provider.may_train,
    ),
    *map(_of_account, CLAUSES),
    Rule(
        "provider.zdr",
        lambda c: c.preferences.zdr,
        lambda e, m, c: not e.provider.retains_prompts,
    ),
    Rule(
        "provider.quantizations",
        lambda c: bool(c.preferences.quantizations),
        lambda e, m, c: (e.quantization or "unknown") in c.preferences.quantizations,
    ),
    Rule("provider.max_price", lambda c: c.preferences.max_price != ANY_PRICE, _within_price),
    Rule(
        "provider.require_parameters",
        lambda c: c.preferences.require_parameters,
        _supports_parameters,
    ),
    Rule(
        "image input",
        lambda c: c.request.image_count > 0,
        lambda e, m, c: "image" in m.input_modalities and _sends_images(e),
    ),
    Rule(MAX_TOKENS, lambda c: c.size.max_tokens is not None, _within_max_tokens),
)
