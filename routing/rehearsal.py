"""A plan played through without sending or charging anything: POST /api/v1/route, and pages."""

from __future__ import annotations

from typing import Any

from openrouter_site.errors import BadRequest
from routing.explanation import route_document
from routing.leg import Leg, leg_of
from routing.plan import Plan
from routing.requirements import Stability

JsonObject = dict[str, Any]


class FirstSight:
    """Health as it was when each endpoint was first asked for: a failure that is forgotten while a
    plan is explained must not make its order, its odds and its words contradict each other."""

    def __init__(self, health: Stability) -> None:
        self._health = health
        self._seen: dict[int, bool] = {}

    def is_stable(self, endpoint_id: int) -> bool:
        """routing.requirements.Stability"""
        if endpoint_id not in self._seen:
            self._seen[endpoint_id] = self._health.is_stable(endpoint_id)
        return self._seen[endpoint_id]


async def rehearse(plan: Plan) -> JsonObject:
    """What would happen (routing.explanation.route_document). Raises BadRequest where no route can
    take the prompt: what the first of them says."""
    legs: list[Leg] = []
    passed_over: list[JsonObject] = []
    first_error: BadRequest | None = None
    for route in plan.routes:
        try:
            legs.append(await leg_of(plan, route))
        except BadRequest as error:
            first_error = first_error or error
            passed_over.append(
                {"model": route.model.id, "status": error.code, "reason": error.message}
            )
    if first_error is not None and not legs:
        raise first_error
    return route_document(plan, legs, passed_over)
