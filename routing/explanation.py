"""Why a request went where it went: `openrouter_metadata`, and the answer of POST /api/v1/route.

Shapes: today's router metadata (openrouter-today 1.3), with the endpoints that were dropped and the
reason beside it. Made only when somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from catalog.snapshot import Endpoint, Model
from openrouter_site.errors import ApiError
from openrouter_site.money import PICO_PER_NANO, dollars, format_price
from routing import pricing
from routing.attempt_log import Attempt
from routing.leg import Leg
from routing.ordering import odds
from routing.plan import Plan, Route
from routing.requirements import ignored_parameters

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Explanation:
    """The plan of one request and what came of it. `attempts` grows while the request runs."""

    plan: Plan
    attempts: list[Attempt]
    _passed_over: list[JsonObject] = field(default_factory=list)

    def passed_over(self, model: Model, error: ApiError) -> None:
        """A model that was not tried: its prompt does not fit, or it cannot be paid."""
        self._passed_over.append({"model": model.id, "status": error.code, "reason": error.message})

    def document(self) -> JsonObject:
        """`openrouter_metadata`."""
        plan, attempts = self.plan, self.attempts
        served = attempts[-1] if attempts and attempts[-1].status == 200 else None
        available = [
            {
                "provider": endpoint.provider.name,
                "model": endpoint.model_id,
                "selected": served is not None and _is_of(served, endpoint),
                "is_byok": endpoint.is_own,
            }
            for route in plan.routes
            for endpoint in route.endpoints
        ]
        chosen = f", selected={served.provider}" if served else ""
        document: JsonObject = {
            "requested": plan.requested[0],
            "requested_models": list(plan.requested),
            "strategy": plan.strategy,
            "region": None,
            "summary": f"available={len(available)}{chosen}",
            "attempt": len(attempts),
            "is_byok": served is not None and served.is_byok,
            "endpoints": {
                "total": len(available) + len(plan.dropped),
                "available": available,
                "dropped": [drop.as_json() for drop in plan.dropped],
            },
            "attempts": [attempt.as_json() for attempt in attempts],
            "pipeline": _pipeline(plan),
        }
        return document | ({"passed_over": self._passed_over} if self._passed_over else {})


def _is_of(attempt: Attempt, endpoint: Endpoint) -> bool:
    return (attempt.provider, attempt.model, attempt.is_byok) == (
        endpoint.provider.name, endpoint.model_id, endpoint.is_own,
    )  # fmt: skip


def of_refused(error: ApiError) -> JsonObject | None:
    """The metadata of a request that nobody can serve: there was no plan, only reasons."""
    metadata = error.metadata or {}
    if "dropped" not in metadata:
        return None
    dropped = metadata["dropped"]
    return {
        "requested": metadata["requested_models"][0],
        "requested_models": metadata["requested_models"],
        "summary": "available=0",
        "attempt": 0,
        "endpoints": {"total": len(dropped), "available": [], "dropped": dropped},
        "attempts": [],
    }


def _pipeline(plan: Plan) -> list[JsonObject]:
    """What was done to the request before it was sent."""
    steps: list[JsonObject] = []
    if plan.note:
        steps.append({"type": "router", "name": plan.requested[0], "summary": plan.note})
    for route in plan.routes:
        if route.compression is not None:
            steps.append({"type": "transform", "name": "middle-out", **_transform(route)})
    return steps


def _transform(route: Route) -> JsonObject:
    compression = route.compression
    assert compression is not None
    limit = f" and {compression.messages_max} messages" if compression.messages_max else ""
    return {
        "summary": f"{route.model.id}: the prompt is cut from its middle to at most"
        f" {compression.budget_tokens} tokens{limit}",
        "data": {
            "model": route.model.id,
            "prompt_tokens_max": compression.budget_tokens,
            "messages_max": compression.messages_max,
        },
    }


def route_document(plan: Plan, legs: list[Leg], passed_over: list[JsonObject]) -> JsonObject:
    """What would happen, with odds and worst-case cost in dollars. `legs`: what could be tried."""
    size = plan.choice.size
    worst_nano = max(pricing.hold_bounds(leg.size, leg.route.endpoints)[0] for leg in legs)
    return {
        "requested_models": list(plan.requested),
        "strategy": plan.strategy,
        "prompt_tokens": size.prompt_tokens,
        "max_tokens": size.max_tokens,
        "worst_cost": dollars(worst_nano),
        "routes": [_route(plan, leg) for leg in legs],
        "dropped": [drop.as_json() for drop in plan.dropped],
        "passed_over": passed_over,
        "pipeline": _pipeline(plan),
    }


def _route(plan: Plan, leg: Leg) -> JsonObject:
    route = leg.route
    shares = odds(route.endpoints, plan.choice)
    return {
        "model": route.model.id,
        "prompt_tokens": leg.size.prompt_tokens,
        "worst_cost": dollars(pricing.hold_bounds(leg.size, route.endpoints)[0]),
        "endpoints": [
            _endpoint(plan, leg, endpoint, share)
            for endpoint, share in zip(route.endpoints, shares, strict=True)
        ],
    }


def _endpoint(plan: Plan, leg: Leg, endpoint: Endpoint, share: float) -> JsonObject:
    prices = endpoint.prices
    return {
        "provider": endpoint.provider.name,
        "tag": endpoint.tag or endpoint.provider.slug,
        "own_key": endpoint.is_own,
        "odds": round(share, 4),
        "stable": plan.choice.health.is_stable(endpoint.id),
        "context_length": endpoint.context_length,
        "max_tokens": pricing.completion_limit(leg.size, endpoint),
        "pricing": {
            "prompt": format_price(prices.prompt_pico),
            "completion": format_price(prices.completion_pico),
            "image": format_price(prices.image_pico),
            "request": format_price(prices.request_pico),
        },
        "estimated_cost": dollars(
            pricing.charged_nano(pricing.typical_pico(leg.size, prices) // PICO_PER_NANO, endpoint)
        ),
        "worst_cost": dollars(pricing.worst_nano(leg.size, endpoint)),
        "ignored_parameters": sorted(ignored_parameters(endpoint, leg.request)),
    }
