"""Puts an answer on the socket: when each part goes out, and what goes wrong on the way.

Knows nothing of a dialect: a `Wire` makes the bytes, the writer has the clock.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.asgi import JSON_TYPE, Header, Send, header_list
from simulator.faults import Directive
from simulator.log import Record

BATCH_PARTS = 32
"""When unlimited: so many parts in one send, then a turn of the loop (or nobody can cancel us)."""
KEEP_ALIVE_SECONDS = 1.0
SSE_TYPE = "text/event-stream; charset=utf-8"
"""Of a stream, unless the wire says otherwise."""


Part = tuple[bytes, int]
"""Bytes to send and the tokens in them."""


class Wire(Protocol):
    """One answer in one dialect."""

    stream_type: str
    """The content type of a stream."""
    keep_alive: bytes | None
    usage_sent: bool

    def comment(self, number: int) -> bytes: ...
    def opening(self) -> bytes: ...
    def content(self) -> Iterator[Part]: ...
    def closing(self) -> Part: ...
    def error(self, code: int) -> bytes:
        """Inside a stream."""

    def error_body(self, code: int) -> bytes:
        """Instead of `body`, with a 200."""

    def garbage(self) -> bytes: ...
    def body(self) -> bytes: ...


@dataclass(frozen=True)
class Pace:
    """How fast: the wait before the first token, and between two."""

    ttft_s: float
    gap_s: float

    @classmethod
    def of(cls, directive: Directive, ttft_ms: float, tokens_per_second: float) -> Pace:
        ttft_ms = ttft_ms if directive.ttft_ms is None else directive.ttft_ms
        rate = tokens_per_second if directive.tps is None else directive.tps
        gap_s = 1 / rate if rate else 0.0
        if directive.slow is not None:
            gap_s = directive.slow / 1000
        return cls(ttft_ms / 1000, gap_s)


class Writer:
    def __init__(self, send: Send, record: Record, directive: Directive) -> None:
        self._send = send
        self.record = record
        self.directive = directive
        self._started = False

    async def start(self, content_type: str, headers: Iterable[Header] = ()) -> None:
        if self._started:
            return
        self._started = True
        self.record.status = 200
        message = {
            "type": "http.response.start",
            "status": 200,
            "headers": header_list([("content-type", content_type), *headers]),
        }
        await self._send(message)

    async def write(self, data: bytes, tokens: int = 0, last: bool = False) -> None:
        size = self.directive.split
        if size:
            for at in range(0, len(data), size):
                part = data[at : at + size]
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(0)
            data = b""
        if data or last:
            await self._send({"type": "http.response.body", "body": data, "more_body": not last})
        self.record.completion_tokens += tokens

    async def stall(self) -> None:
        """Until the client goes: whoever watches the socket cancels us."""
        await asyncio.get_running_loop().create_future()

    def reset(self) -> None:
        """A TCP reset. The transport is uvicorn's own; ASGI has no word for this."""
        bound: Any = self._send
        transport = bound.__self__.transport
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    async def wait(self, seconds: float, filler: bytes | None, content_type: str) -> None:
        """Wait for the first token. Some providers talk meanwhile."""
        if filler is None:
            if seconds:
                await asyncio.sleep(seconds)
            return
        await self.start(content_type)
        while True:
            await self.write(filler)
            await asyncio.sleep(min(seconds, KEEP_ALIVE_SECONDS))
            seconds -= KEEP_ALIVE_SECONDS
            if seconds <= 0:
                return


async def whole(writer: Writer, wire: Wire, pace: Pace, tokens: int) -> None:
    """An answer that is not streamed: everything at once, when a stream would have ended."""
    directive = writer.directive
    seconds = pace.ttft_s + pace.gap_s * tokens
    await writer.wait(seconds, b"\n" if wire.keep_alive else None, JSON_TYPE)
    body = wire.body()
    kinds = [kind for _, kind in directive.breaks]
    error_code = directive.first_event_error or (500 if directive.role_only_then_error else None)
    if error_code is None and kinds[:1] == ["error"]:
        error_code = directive.status or 500
    await writer.start(JSON_TYPE)
    if error_code is not None:
        await writer.write(wire.error_body(error_code), last=True)
    elif kinds:
        # Half a body stands for the middle of a stream: then silence, a cut, or a good end.
        await writer.write(body[: len(body) // 2], last=kinds[0] == "garbage")
        if kinds[0] == "stall":
            await writer.stall()
    else:
        await writer.write(body, tokens, last=True)
        writer.record.usage_sent = wire.usage_sent
        writer.record.finished = True


async def stream(writer: Writer, wire: Wire, pace: Pace) -> None:
    directive = writer.directive
    if directive.comments:
        await writer.start(wire.stream_type)
        await writer.write(b"".join(map(wire.comment, range(directive.comments))))
    await writer.wait(pace.ttft_s, wire.keep_alive, wire.stream_type)
    await writer.start(wire.stream_type)
    if directive.first_event_error is not None:
        await writer.write(wire.error(directive.first_event_error), last=True)
        return
    await writer.write(wire.opening())
    if directive.role_only_then_error:
        await writer.write(wire.error(500), last=True)
        return
    if await _Deltas(writer, wire, pace).run():
        data, tokens = wire.closing()
        await writer.write(data, tokens, last=True)
        writer.record.usage_sent = wire.usage_sent
        writer.record.finished = True


class _Deltas:
    """The middle of a stream, with its faults. `run` says whether the stream may end well."""

    def __init__(self, writer: Writer, wire: Wire, pace: Pace) -> None:
        self.writer = writer
        self.wire = wire
        self.gap_s = pace.gap_s
        self.breaks = list(writer.directive.breaks)
        self.parts: list[bytes] = []
        self.tokens = 0
        self.counted = 0
        self.sends = 0
        self.started_at = asyncio.get_running_loop().time()

    async def run(self) -> bool:
        room = 1 if self.gap_s or self.writer.directive.split else BATCH_PARTS
        for data, tokens in self.wire.content():
            if self.breaks and not await self._survives():
                return False
            self.parts.append(data)
            self.tokens += tokens
            self.counted += tokens
            if len(self.parts) >= room:
                await self._flush()
        await self._flush()
        return await self._survives()

    async def _flush(self) -> None:
        if not self.parts:
            return
        # The clock is absolute: a late wake-up is made up for and does not add up.
        due = self.started_at + self.gap_s * self.sends
        late = asyncio.get_running_loop().time() - due
        await asyncio.sleep(-late if self.gap_s and late < 0 else 0)
        data, tokens = b"".join(self.parts), self.tokens
        self.parts, self.tokens = [], 0
        self.sends += 1
        await self.writer.write(data, tokens)

    async def _survives(self) -> bool:
        """Suffer the faults that are due."""
        while self.breaks and self.counted >= self.breaks[0][0]:
            _, kind = self.breaks.pop(0)
            await self._flush()
            if kind == "garbage":
                await self.writer.write(self.wire.garbage())
                continue
            if kind == "error":
                code = self.writer.directive.status or 500
                await self.writer.write(self.wire.error(code), last=True)
            elif kind == "stall":
                await self.writer.stall()
            # A cut is to return with the body open: the server then closes the connection.
            return False
        return True
