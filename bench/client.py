"""An HTTP/1.1 client on bare asyncio protocols: little between socket and clock."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_REQUEST_TIMEOUT_S = 20.0


class Connection(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection, one request at a time."""

    def __init__(self) -> None:
        self.is_open = False
        self.status = 0
        self.is_done = False
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport, self.is_open = transport, True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answered and not self._answered.done():
            self._answered.set_exception(ConnectionError("closed"))

    def send(
        self, request: bytes, events: Callable[[bytes], None] | None = None
    ) -> asyncio.Future[None]:
        """`events` gets the bytes of whole events as they arrive."""
        self._answered = asyncio.get_running_loop().create_future()
        self._head, self._events, self.is_done = b"", events, False
        self._rest, self._length, self._last = b"", -1, b""
        self.transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        if not self._head:
            self._rest += data
            self._head, separator, data = self._rest.partition(b"\r\n\r\n")
            if not separator:
                self._head = b""
                return
            self._begin(self._head.lower())
        if self._events is not None and self.status == 200:
            self._split(self._rest + data)
        if self._length >= 0:
            self._length -= len(data)
            finished = self._length <= 0
        else:
            self._last = (self._last + data)[-5:]
            finished = self._last == b"0\r\n\r\n"
        if finished and self._answered and not self._answered.done():
            self._answered.set_result(None)

    def _begin(self, head: bytes) -> None:
        self._rest = b""
        self.status = int(head[9:12])
        found = re.search(rb"content-length: *(\d+)", head)
        self._length = int(found[1]) if found else -1

    def _split(self, data: bytes) -> None:
        end = data.rfind(b"\n\n") + 2
        if end > 1:
            whole, self._rest = data[:end], data[end:]
            self.is_done = self.is_done or b"[DONE]" in whole
            assert self._events is not None
            self._events(whole)
        else:
            self._rest = data


class Client:
    """The request to send, and connections to send it on."""

    def __init__(self, url: str, directive: str, *, stream: bool) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._free: list[Connection] = []
        self.failures: Counter[str] = Counter()
        self.body = body_of(directive, stream=stream)
        key = os.environ.get("KEY", "none")
        self.request = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        ).encode() + self.body

    async def ask(self, events: Callable[[bytes], None] | None = None) -> Connection | None:
        """The connection with the whole answer; None when it failed, which is counted."""
        connection = None
        try:
            connection = await self._connection()
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                await connection.send(self.request, events)
        except (OSError, TimeoutError) as error:
            self.failures[type(error).__name__] += 1
            if connection is not None:
                connection.transport.abort()
            await asyncio.sleep(0.01)
            return None
        if connection.is_open:
            self._free.append(connection)
        if connection.status != 200:
            self.failures[f"status {connection.status}"] += 1
            await asyncio.sleep(0.01)
            return None
        return connection

    async def hear(self, has_words: Callable[[bytes], bool]) -> Connection:
        """A connection from which the first words came just now; nobody waits for more.

        Raises TimeoutError, or ConnectionError when it is refused."""
        heard = asyncio.get_running_loop().create_future()

        def events(data: bytes) -> None:
            if has_words(data) and not heard.done():
                heard.set_result(None)

        connection = await self._connection()
        whole = connection.send(self.request, events)
        async with asyncio.timeout(_REQUEST_TIMEOUT_S):
            await asyncio.wait((heard, whole), return_when=asyncio.FIRST_COMPLETED)
        whole.cancel()
        if not heard.done():
            raise ConnectionError(f"status {connection.status}, and no words")
        return connection

    async def _connection(self) -> Connection:
        while self._free:
            connection = self._free.pop()
            if connection.is_open:
                return connection
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, self._host, self._port))[1]


def body_of(directive: str, *, stream: bool) -> bytes:
    """The request of every measurement, as JSON; about forty tokens of prompt."""
    body: dict[str, Any] = {
        "model": os.environ.get("MODEL", "mock"),
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {
                "role": "user",
                "content": f"Write one sentence about the sea, please. [[simulate {directive}]]",
            },
        ],
        "temperature": 0.7,
        "max_tokens": 512,
    }
    if stream:
        body["stream"] = True
    return json.dumps(body).encode()
