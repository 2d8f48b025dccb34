"""POST /api/v1/chat/completions and /api/v1/completions, as bare ASGI callables.

Two tasks share a request. The server's own waits for the client to leave and keeps the connection
awake with comments; the exchange's, which nobody cancels, does the work and writes the answer.
"""

from __future__ import annotations

import asyncio
import math
import time

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
from openrouter_site.errors import ApiError
from routing import entrance
from routing.chunk import Chunk, joined
from routing.complete import Engine, complete, new_generation_id
from routing.exchange import Exchange
from routing.explanation import of_refused
from routing.request import ChatRequest, parse
from routing.sse import COMMENT

_Prepared = tuple[Head, Key, entrance.Admission]


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
        return head, key, await entrance.admitted(engine, key, request)

    prepared = await opened(scope, receive, send, exchange_id, prepare)
    if prepared is None:
        return
    head, key, admission = prepared
    request = admission.request
    exchange = Exchange(engine.register, exchange_id, stream=request.stream, explain=head.explain)
    reply = Reply(send, exchange, request)
    story = complete(engine, exchange, request, key, head.app())
    work = entrance.told(exchange, story, reply, admission.ticket)
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
