"""POST /api/v1/route: what would happen to a completion, without sending or charging anything.

The body is that of a completion. The answer is the plan: models and endpoints in the order they
would be tried, the odds of each to be first, what the answer could cost at most, and why the other
endpoints were dropped. A bare ASGI callable, because it reads the same memory as the real thing.
"""

from __future__ import annotations

from typing import Any

import orjson

from accounts.keys import Key
from api.http import (
    Head,
    Receive,
    Scope,
    Send,
    answer,
)
from api.opening import opened
from billing import limits
from openrouter_site.errors import BadRequest
from routing.complete import Engine, new_generation_id
from routing.explanation import route_document
from routing.leg import Leg, leg_of, measure
from routing.plan import Plan
from routing.request import parse


async def serve(engine: Engine, scope: Scope, receive: Receive, send: Send) -> None:
    """`{"data": Route}`; raises nothing, answers errors in the one shape."""

    async def prepare(head: Head, key: Key, body: bytes) -> bytes:
        limits.read(key.account_id)
        request = parse(body, completion=False)
        plan = engine.plan(request, key, await measure(request))
        legs, passed_over = await _legs(plan)
        return orjson.dumps({"data": route_document(plan, legs, passed_over)})

    document = await opened(scope, receive, send, new_generation_id(), prepare)
    if document is not None:
        await answer(send, 200, document)


async def _legs(plan: Plan) -> tuple[list[Leg], list[dict[str, Any]]]:
    """The routes that can take the prompt, and why the others cannot; raises what the first says
    when none can."""
    legs: list[Leg] = []
    passed_over: list[dict[str, Any]] = []
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
    return legs, passed_over
