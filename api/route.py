"""POST /api/v1/route: what would happen to a completion, without sending or charging anything.

The body is that of a completion. The answer is the plan: models and endpoints in the order they
would be tried, the odds of each to be first, what the answer could cost at most, and why the other
endpoints were dropped. A bare ASGI callable, because it reads the same memory as the real thing.
"""

from __future__ import annotations

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
from routing.complete import Engine, new_generation_id
from routing.leg import measure
from routing.rehearsal import FirstSight, rehearse
from routing.request import parse


async def serve(engine: Engine, scope: Scope, receive: Receive, send: Send) -> None:
    """`{"data": Route}`; raises nothing, answers errors in the one shape."""

    async def prepare(head: Head, key: Key, body: bytes) -> bytes:
        limits.read(key.account_id)
        request = parse(body, completion=False)
        health = FirstSight(engine.reach.health)
        plan = engine.plan(request, key, await measure(request), health=health)
        return orjson.dumps({"data": await rehearse(plan)})

    document = await opened(scope, receive, send, new_generation_id(), prepare)
    if document is not None:
        await answer(send, 200, document)
