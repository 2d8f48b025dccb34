"""The providers of a model as its page shows them: in the order in which requests try them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.callers import Caller
from catalog.snapshot import Endpoint, Model
from explore import states
from explore.figures import FigureRow, figure_row
from explore.planning import planned
from explore.states import State
from openrouter_site.errors import ApiError
from routing import condition
from routing.data_policy import IN_WORDS
from routing.ordering import odds
from routing.own_keys import leads
from routing.pricing import Size
from routing.request import ChatRequest

# An ordinary request: the order may differ for very long ones, where other prices count.
_TYPICAL = Size(prompt_tokens=200, prompt_ceiling=200)


@dataclass(frozen=True, slots=True)
class Offer:
    """One endpoint. `share` is how likely it is tried first, 0 to 1; `dropped` says why this
    visitor's requests never go there, empty where they may. `is_own`: by a key of theirs."""

    endpoint: Endpoint
    state: State
    figures: FigureRow
    share: float = 0.0
    dropped: str = ""
    is_own: bool = False

    @property
    def share_percent(self) -> int:
        return round(100 * self.share)


@dataclass(slots=True)
class _Routed:
    """By endpoint id, in order; and why the others were dropped, by the provider's name."""

    shares: dict[int, float] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)

    def why(self, endpoint: Endpoint) -> str:
        reason = self.reasons.get(endpoint.provider.name, "does not fit an ordinary request")
        return IN_WORDS.get(reason, reason)


def offers(model: Model, caller: Caller) -> list[Offer]:
    """All endpoints; those that are dropped for this visitor come last."""
    now = condition.current()
    routed = _routed(model, caller) if model.kind in {"chat", "base"} else _in_price_order(model)
    known = {endpoint.id: endpoint for endpoint in model.endpoints}
    order = [id for id in routed.shares if id in known]
    order += [id for id in known if id not in routed.shares]
    return [
        Offer(
            endpoint=known[id],
            state=states.of_endpoint(known[id], now),
            figures=figure_row(id),
            share=routed.shares.get(id, 0.0),
            dropped="" if id in routed.shares else routed.why(known[id]),
            is_own=id in routed.own,
        )
        for id in order
    ]


def _routed(model: Model, caller: Caller) -> _Routed:
    request = ChatRequest(
        messages=({"role": "user", "content": "Hi"},), model=model.id, message_count=1, text_bytes=2
    )
    found = _Routed()
    try:
        plan = planned(request, caller, _TYPICAL)
    except ApiError as error:
        dropped = (error.metadata or {}).get("dropped", ())
        found.reasons = {each["provider"]: each["reason"] for each in dropped}
    else:
        (route,) = plan.routes
        found.shares = _ordered(route.endpoints, odds(route.endpoints, plan.choice))
        found.own = {abs(each.id) for each in leads(route.endpoints) if each.is_own}
        found.reasons = {each.provider: each.reason for each in plan.dropped}
    return found


def _ordered(endpoints: Iterable[Endpoint], shares: Iterable[float]) -> dict[int, float]:
    """The likeliest first; the plan itself begins with whom it drew this time."""
    found: dict[int, float] = {}
    for endpoint, share in sorted(zip(endpoints, shares, strict=True), key=lambda pair: -pair[1]):
        found.setdefault(abs(endpoint.id), share)
    return found


def _in_price_order(model: Model) -> _Routed:
    """Of media: the first that is served answers."""
    found = _Routed()
    for endpoint in model.endpoints:
        if endpoint.provider.served_at is None:
            found.reasons[endpoint.provider.name] = "no credential configured"
        else:
            found.shares[endpoint.id] = float(not found.shares)
    return found
