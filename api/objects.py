"""POST /api/v1/objects/generations: 3D objects from a text (seed, 3D Objects), as a bare ASGI
callable.

As with a completion, two tasks share a request: the server's own waits for the client to leave, and
the exchange's, which nobody cancels, does the work and writes the answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import orjson

from accounts.keys import Key
from api.http import (
    Head,
    Receive,
    Scope,
    Send,
    answer,
    answer_error,
)
from api.opening import opened
from billing import limits
from openrouter_site.errors import ApiError, InternalError
from routing.complete import Engine, new_generation_id
from routing.exchange import Exchange
from routing.media import Outputs, generate
from routing.media_request import MediaRequest, parse

logger = logging.getLogger(__name__)

_Prepared = tuple[Head, Key, MediaRequest, limits.Ticket]


async def serve(engine: Engine, scope: Scope, receive: Receive, send: Send) -> None:
    """`{"generations": [...]}`; raises nothing, answers errors in the one shape."""
    exchange_id = new_generation_id()

    async def prepare(head: Head, key: Key, body: bytes) -> _Prepared:
        request = parse(body)
        engine.register.refuse_while_draining()
        return head, key, request, await limits.admit(key, (request.model,))

    prepared = await opened(scope, receive, send, exchange_id, prepare)
    if prepared is None:
        return
    head, key, request, ticket = prepared
    exchange = Exchange(engine.register, exchange_id, stream=False)
    work = _work(exchange, generate(engine, exchange, request, key, head.app()), send, ticket)
    await _attend(engine.register.start(exchange, work), exchange, receive)


async def _attend(task: asyncio.Task[None], exchange: Exchange, receive: Receive) -> None:
    """Until the client is gone, which the server also says when the answer is out."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if not task.done():
        exchange.abandon()


async def _work(
    exchange: Exchange, story: Coroutine[Any, Any, Outputs], send: Send, ticket: limits.Ticket
) -> None:
    """The exchange's task: run the story, write what came of it."""
    generation_id = (b"x-generation-id", exchange.id.encode())
    served: str | None = None
    try:
        outputs = await story
        served = exchange.model_id
    except ApiError as error:
        await answer_error(send, error, (generation_id,))
    except Exception:
        logger.exception("request %s failed", exchange.id)
        await answer_error(send, InternalError(exchange.id), (generation_id,))
    else:
        headers = ((b"content-type", b"application/json"), generation_id)
        await answer(send, 200, orjson.dumps({"generations": outputs}), headers)
    finally:
        await ticket.ended(served)
