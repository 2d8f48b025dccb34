"""One HTTP/1.1 connection to a provider: bytes out, a parsed response in.

A bare asyncio protocol around llhttp (httptools), the parser of Node.js. A general client costs
more than all the rest of a request here, and its stream objects more than a chunk; this one hands
out what arrived in one read, as it is. It knows no pool, no URL and no dialect.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools

HEADER_BYTES_MAX = 64 * 1024
# Beyond this the provider waits until we have read (TCP backpressure).
_BUFFER_BYTES_MAX = 256 * 1024


class ConnectionLost(Exception):
    """The provider was not reached, or broke off. `untouched`: before a byte of its answer."""

    def __init__(self, reason: str, *, untouched: bool = False) -> None:
        super().__init__(reason)
        self.untouched = untouched


class Connection(asyncio.Protocol):
    """One request at a time: `send`, then `headers`, then `read` until it returns b"".

    After that `reusable` tells whether it may carry another request.
    """

    def __init__(self) -> None:
        self.status = 0
        self.response_headers: dict[bytes, bytes] = {}
        self.complete = True
        self.idle_since_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._headers_complete = False
        self._keep_alive = False
        self._header_bytes = 0
        self._parts: list[bytes] = []
        self._buffered = 0
        self._paused = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    # --- for whoever sends -----------------------------------------------------------------------

    def send(self, request: bytes) -> None:
        """Write a whole request, head and body."""
        assert self._transport is not None
        assert self.complete
        self.complete = self._headers_complete = self._keep_alive = False
        self.status = self._header_bytes = self._buffered = 0
        self.response_headers = {}
        self._parts = []
        self._parser = httptools.HttpResponseParser(self)
        if self._transport.is_closing():
            self._fail(ConnectionLost("closed", untouched=True))
        else:
            self._transport.write(request)

    async def headers(self) -> None:
        """Wait until `status` and `response_headers` are there; raises ConnectionLost."""
        while not self._headers_complete:
            await self._changed()

    async def read(self) -> bytes:
        """The part of the body that arrived since; b"" at its end.

        Raises ConnectionLost, or what `abort` was given.
        """
        while not self._parts:
            if self.complete and self._error is None:
                return b""
            await self._changed()
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._buffered = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    @property
    def reusable(self) -> bool:
        transport = self._transport
        return (
            self.complete
            and self._keep_alive
            and self._error is None
            and not self._parts
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def abort(self, reason: Exception | None = None) -> None:
        """Close at once, unsent bytes dropped; whoever reads gets `reason`."""
        self._fail(reason or ConnectionLost("aborted"))
        if self._transport is not None:
            self._transport.abort()

    async def _changed(self) -> None:
        """Until something arrives."""
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        self._parts = []  # what was not read yet is of no use to anybody any more
        self._wake()

    # --- asyncio.Protocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self.complete:
            self._distrust()
            return
        if not self._headers_complete:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._unreadable(error)
            return
        if not self._headers_complete and self._header_bytes > HEADER_BYTES_MAX:
            self.abort(ConnectionLost("headers too large"))
        elif self._buffered > _BUFFER_BYTES_MAX and not self._paused:
            self._paused = True
            assert self._transport is not None
            self._transport.pause_reading()
        self._wake()

    def _unreadable(self, error: Exception) -> None:
        if self.complete:
            self._distrust()
            self._wake()
        else:
            self.abort(ConnectionLost(f"malformed HTTP: {type(error).__name__}"))

    def _distrust(self) -> None:
        """It sent more than was asked: the answer stands, but the connection carries no other."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.complete and self._error is None:
            if exc is None and self._headers_complete and self._ends_with_connection():
                self.complete = True
            else:
                reason = "the provider broke the connection off" if exc else "closed"
                lost = ConnectionLost(reason, untouched=not self._header_bytes)
                if self._parts:
                    # What came before the break is still an answer's beginning: read it first.
                    self._error = lost
                else:
                    self._fail(lost)
        self._wake()

    def _ends_with_connection(self) -> bool:
        """Neither a length nor chunks: the body is whatever comes until the end (RFC 9112, 6.3)."""
        headers = self.response_headers
        return b"content-length" not in headers and b"transfer-encoding" not in headers

    # --- httptools -------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.complete:
            raise ConnectionLost("a second answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headers_complete:  # else a trailer, which could be without end
            self.response_headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:  # 1xx only announce
            self.status = status
            self._headers_complete = True
            self._keep_alive = self._parser.should_keep_alive()
        else:
            self.response_headers = {}

    def on_body(self, data: bytes) -> None:
        self._parts.append(data)
        self._buffered += len(data)

    def on_message_complete(self) -> None:
        if self._headers_complete:
            self.complete = True
