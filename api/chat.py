"""POST /api/v1/chat/completions and /api/v1/completions, as bare ASGI callables.

Two tasks share a request. The server's own waits for the client to leave and keeps the connection
awake with comments; the exchange's, which nobody cancels, does the work and writes the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncGenerator
from dataclasses import replace

from django.conf import settings

from accounts.keys import Key
from api.frames import Frames, whole
from api.http import (
    CORS,
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
from routing import refusal
from routing.chunk import Chunk, joined
from routing.complete import Engine, complete, new_generation_id
from routing.exchange import Exchange
from routing.explanation import of_refused
from routing.request import ChatRequest, parse
from routing.resolution import named
from routing.sse import COMMENT

logger = logging.getLogger(__name__)


_Prepared = tuple[Head, Key, ChatRequest, limits.Ticket]


class Reply:
    """The answer under way: its status goes out with the first content, or the first comment."""

    def __init__(self, send: Send, exchange: Exchange, request: ChatRequest) -> None:
        self.finished = False
        self._send = send
        self._exchange = exchange
        self._stream = request.stream
        self._completion = request.is_completion
        self._started = False
        self._frames: Frames | None = None
        self._sent_s = time.monotonic()
        self._turn = asyncio.Lock()  # comments come from another task than the answer
        self._generation_id = (b"x-generation-id", exchange.id.encode())

    async def chunks(self, chunks: list[Chunk]) -> None:
        """Frames of all chunks in one write."""
        if self._frames is None:
            self._frames = Frames(self._exchange, completion=self._completion)
        await self._write(self._frames.chunks(chunks))

    async def comment(self) -> None:
        """Keeps the connection awake when nothing was sent for a while (seed, SSE comments)."""
        if self._stream and not self.finished and not self._turn.locked():
            silent_s = time.monotonic() - self._sent_s
            if silent_s >= settings.COMMENT_INTERVAL_S * 0.9:
                await self._write(COMMENT)

    async def end(self, chunks: list[Chunk]) -> None:
        """Settled: the usage and [DONE], or the whole document."""
        self.finished = True
        if self._stream:
            if self._frames is None:
                self._frames = Frames(self._exchange, completion=self._completion)
            await self._write(self._frames.ending(self._exchange.usage), more=False)
        else:
            document = whole(self._exchange, joined(chunks), completion=self._completion)
            headers = ((b"content-type", b"application/json"), self._generation_id)
            await answer(self._send, 200, document, headers)

    async def error(self, error: ApiError) -> None:
        """As a status when nothing was sent yet, else in-band."""
        self.finished = True
        if not self._started:
            exchange = self._exchange
            metadata = exchange.metadata()
            if metadata is None and exchange.explain:
                metadata = of_refused(error)
            await answer_error(self._send, error, (self._generation_id,), metadata)
        else:
            frames = self._frames or Frames(self._exchange, completion=self._completion)
            await self._write(frames.error(error), more=False)

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        exchange = self._exchange
        async with self._turn:
            if exchange.gone:
                return
            exchange.writer = asyncio.current_task()
            exchange.writing_since_s = self._sent_s = time.monotonic()
            try:
                await self._send_frames(data, more)
            except asyncio.CancelledError:
                # The register cancels a write that stalls; no other cancellation is ours to stop.
                task = asyncio.current_task()
                if task is None or not self._exchange.gone:
                    raise
                task.uncancel()
            finally:
                exchange.writing_since_s = math.inf

    async def _send_frames(self, data: bytes, more: bool) -> None:
        if not self._started:
            self._started = True
            headers = [*_STREAM_HEADERS, self._generation_id]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": data, "more_body": more})


_STREAM_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
    *CORS,
)


async def serve(
    engine: Engine, scope: Scope, receive: Receive, send: Send, *, completion: bool
) -> None:
    """One inference request, whatever its method."""
    exchange_id = new_generation_id()

    async def prepare(head: Head, key: Key, body: bytes) -> _Prepared:
        request = parse(body, completion=completion)
        engine.register.refuse_while_draining()
        names = named(request, key)
        ticket = await limits.admit(key, names)
        if ticket.without_free:
            request = _without_free(request, names)
        return head, key, request, ticket

    prepared = await opened(scope, receive, send, exchange_id, prepare)
    if prepared is None:
        return
    head, key, request, ticket = prepared
    exchange = Exchange(engine.register, exchange_id, stream=request.stream, explain=head.explain)
    reply = Reply(send, exchange, request)
    story = complete(engine, exchange, request, key, head.app())
    work = _work(exchange, story, reply, ticket)
    task = engine.register.start(exchange, work)
    await _attend(task, exchange, reply, receive)


async def _attend(
    task: asyncio.Task[None], exchange: Exchange, reply: Reply, receive: Receive
) -> None:
    """Until the answer is out or the client is gone."""
    # Only streams need comments; the server itself says when another answer is out.
    pause_s = settings.COMMENT_INTERVAL_S if exchange.stream else None
    while not task.done() and not exchange.gone:
        try:
            async with asyncio.timeout(pause_s):
                message = await receive()
        except TimeoutError:
            await reply.comment()
            continue
        if message["type"] == "http.disconnect":
            if not reply.finished:
                exchange.abandon()
            return


def _without_free(request: ChatRequest, names: tuple[str, ...]) -> ChatRequest:
    """The free models among the caller's fallbacks are used up for now; the others are not."""
    paid = tuple(name for name in names if not limits.is_free(name))
    # Without `route`: for one model alone it would add a fallback of ours.
    return replace(request, model=paid[0], models=paid[1:], route=None)


async def _work(
    exchange: Exchange,
    story: AsyncGenerator[list[Chunk], None],
    reply: Reply,
    ticket: limits.Ticket,
) -> None:
    """The exchange's task: run the story, write what it tells."""
    collected: list[Chunk] = []
    gave_nothing = True
    try:
        async with contextlib.aclosing(story):
            async for chunks in story:
                if chunks[-1].failure is not None:
                    failure = chunks[-1].failure
                    error = exchange.ended_by or refusal.in_band(failure, exchange.provider_name)
                    await reply.error(error)
                    return
                if exchange.stream:
                    gave_nothing = False
                    await reply.chunks(chunks)
                else:
                    collected.extend(chunks)
        gave_nothing = False
        if not exchange.gone or not exchange.stream:
            await reply.end(collected)
    except ApiError as error:
        await reply.error(error)
    except Exception:
        logger.exception("request %s failed", exchange.id)
        await reply.error(InternalError(exchange.id))
    finally:
        await ticket.ended(None if gave_nothing else exchange.model_id)
