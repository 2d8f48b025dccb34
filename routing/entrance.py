"""How a completion comes in, whoever brings it: the API or the Playground.

`admitted` is what happens before it is an exchange, `told` is what the exchange's task does.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Protocol

from accounts.keys import Key
from billing import limits
from openrouter_site.errors import ApiError, InternalError
from routing import refusal
from routing.chunk import Chunk
from routing.complete import Engine
from routing.exchange import Exchange
from routing.request import ChatRequest
from routing.resolution import named

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admission:
    """A request within the limits of its account, and what it took of them."""

    request: ChatRequest
    ticket: limits.Ticket


class Listener(Protocol):
    """Who is told how a request goes; exactly one of `end` and `error` is the last, or neither
    where the exchange is `gone`."""

    async def chunks(self, chunks: list[Chunk]) -> None:
        """All that arrived in one read; of streams only."""

    async def end(self, chunks: list[Chunk]) -> None:
        """It is whole and settled. `chunks`: what was not told before."""

    async def error(self, error: ApiError) -> None: ...


async def admitted(engine: Engine, key: Key, request: ChatRequest) -> Admission:
    """Raises Unavailable while the server stops, or RateLimited."""
    engine.register.refuse_while_draining()
    names = named(request, key)
    ticket = await limits.admit(key, names)
    if ticket.without_free:
        request = _without_free(request, names)
    return Admission(request, ticket)


def _without_free(request: ChatRequest, names: tuple[str, ...]) -> ChatRequest:
    """The free models among the caller's fallbacks are used up for now; the others are not."""
    paid = tuple(name for name in names if not limits.is_free(name))
    # Without `route`: for one model alone it would add a fallback of ours.
    return replace(request, model=paid[0], models=paid[1:], route=None)


async def told(
    exchange: Exchange,
    story: AsyncGenerator[list[Chunk], None],
    listener: Listener,
    ticket: limits.Ticket,
) -> None:
    """The exchange's task: run the story, tell what happens. Raises nothing."""
    collected: list[Chunk] = []
    gave_nothing = True
    try:
        async with contextlib.aclosing(story):
            async for chunks in story:
                if chunks[-1].failure is not None:
                    failure = chunks[-1].failure
                    error = exchange.ended_by or refusal.in_band(failure, exchange.provider_name)
                    await listener.error(error)
                    return
                if exchange.stream:
                    gave_nothing = False
                    await listener.chunks(chunks)
                else:
                    collected.extend(chunks)
        gave_nothing = False
        if not exchange.gone or not exchange.stream:
            await listener.end(collected)
    except ApiError as error:
        await listener.error(error)
    except Exception:
        logger.exception("request %s failed", exchange.id)
        await listener.error(InternalError(exchange.id))
    finally:
        await ticket.ended(None if gave_nothing else exchange.model_id)
