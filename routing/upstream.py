"""The one client that talks to providers: pooled connections and TLS.

What is sent, with the credential in it, is made by routing.targets.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time

from catalog.credentials import ProviderCredential
from catalog.snapshot import Endpoint
from routing.authorization import Authorization
from routing.chunk import Sent
from routing.connection import Connection, ConnectionLost
from routing.framing import FRAMINGS
from routing.keyring import NO_CREDENTIAL
from routing.sse import MalformedStream
from routing.targets import Origin, Target, is_absolute, target_of

__all__ = ["Answer", "ConnectionLost", "Upstream"]

_IDLE_PER_ORIGIN = 100
# Shorter than any provider's own, so that we seldom meet a connection that is just being closed.
_IDLE_S = 15.0
# A connection that was closed already says so within a round trip.
_STALE_NOTICED_S = 1.0
_TELL_TIMEOUT_S = 5.0
_BODY_BYTES_MAX = 32 * 1024 * 1024
_ERROR_BYTES_MAX = 64 * 1024


class Answer:
    """A provider's answer, status and headers at hand, body to come."""

    __slots__ = ("_closed", "_connection", "_decoder", "_framing", "_origin", "_upstream", "status")

    def __init__(
        self, upstream: Upstream, origin: Origin, connection: Connection, framing: str
    ) -> None:
        self.status = connection.status
        self._upstream = upstream
        self._origin = origin
        self._connection = connection
        self._framing = FRAMINGS[framing]
        self._decoder = self._framing.decoder()
        self._closed = False

    @property
    def content_type(self) -> str:
        value = self._connection.response_headers.get(b"content-type", b"").decode("latin-1")
        return value.partition(";")[0].strip().lower()

    @property
    def is_stream(self) -> bool:
        """Whether the body is what was asked for, a stream of events."""
        return self.content_type in self._framing.content_types

    @property
    def is_encoded(self) -> bool:
        """Whether the body is compressed, though we asked that it should not be."""
        encoding = self._connection.response_headers.get(b"content-encoding", b"")
        return encoding.lower() not in {b"", b"identity"}

    @property
    def retry_after_s(self) -> float | None:
        """Seconds of the Retry-After header; its date form is rare and ignored."""
        text = self._connection.response_headers.get(b"retry-after", b"").decode("latin-1")
        return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None

    async def events(self) -> list[bytes] | None:
        """The events that arrived since the last call, [] for a part of one; None at the end.

        Raises ConnectionLost, MalformedStream, or what `abort` was given.
        """
        data = await self._connection.read()
        if data:
            return self._decoder.feed(data)
        return self._decoder.finish() or None

    async def body(self) -> bytes:
        """The whole body, an error's cut short; raises ConnectionLost or MalformedStream."""
        limit = _BODY_BYTES_MAX if self.status == 200 else _ERROR_BYTES_MAX
        parts, size = [], 0
        while data := await self._connection.read():
            parts.append(data)
            size += len(data)
            if size > limit:
                if self.status != 200:
                    break
                raise MalformedStream
        return b"".join(parts)

    def abort(self, reason: Exception | None = None) -> None:
        """Whoever reads gets `reason`, and the connection to the provider is closed now.

        Nothing happens after `close`: the connection may carry somebody else's answer by then.
        """
        if not self._closed:
            self._connection.abort(reason)

    def close(self) -> None:
        """Done: back into the pool if it was read to the end, else closed."""
        if not self._closed:
            self._closed = True
            self._upstream.give_back(self._origin, self._connection)


class Upstream:
    """Idle connections by origin. How many are open at once the requests in flight decide."""

    def __init__(self, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._idle: dict[Origin, list[Connection]] = {}
        self._targets: dict[tuple[int, str, bool, str], Target] = {}
        self._authorization: Authorization | None = None
        self._tls: ssl.SSLContext | None = None

    async def send(
        self, endpoint: Endpoint, sent: Sent, credential: ProviderCredential = NO_CREDENTIAL
    ) -> Answer:
        """Send it; the answer once its headers are here. Raises ConnectionLost.

        A pooled connection that the provider closed meanwhile is replaced, once, by a new one.
        """
        target = self._target(endpoint, sent, credential)
        if target.is_whole:
            request = target.request(sent)
        else:
            request = target.request(sent, await self._authorized(target, sent))
        connection = self._take(target.origin)
        if connection is not None:
            sent_s = time.monotonic()
            try:
                return await self._exchange(connection, target, request, sent.framing)
            except ConnectionLost as lost:
                # One that worked on it for a while may have billed it: that is an attempt.
                if not lost.untouched or time.monotonic() > sent_s + _STALE_NOTICED_S:
                    raise
        connection = await self._open(target.origin)
        return await self._exchange(connection, target, request, sent.framing)

    async def _authorized(self, target: Target, sent: Sent) -> dict[str, str]:
        """The headers that are of this request alone."""
        if self._authorization is None:
            self._authorization = Authorization()
        body = b"" if sent.method == "GET" else sent.body
        return await self._authorization.made(
            target.endpoint.provider, target.credential,
            sent.method, target.url, target.headers, body,
        )  # fmt: skip

    async def tell(self, endpoint: Endpoint, sent: Sent, credential: ProviderCredential) -> None:
        """Send it and take no interest in the answer."""
        with contextlib.suppress(ConnectionLost, MalformedStream, TimeoutError):
            async with asyncio.timeout(_TELL_TIMEOUT_S):
                answer = await self.send(endpoint, sent, credential)
                try:
                    await answer.body()
                    answer.close()
                finally:
                    answer.abort()

    def _target(self, endpoint: Endpoint, sent: Sent, credential: ProviderCredential) -> Target:
        """Made once for each endpoint and credential, and again when the catalog has new ones."""
        if sent.method != "POST" or is_absolute(sent.path) or endpoint.is_own:
            # Of one prediction: nobody will ask for it again. And no key of a caller's own is kept.
            return target_of(endpoint, sent, credential)
        key = (endpoint.id, sent.path, sent.stream, credential.id)
        known = self._targets.get(key)
        if known is None or known.endpoint is not endpoint or known.credential is not credential:
            known = self._targets[key] = target_of(endpoint, sent, credential)
        return known

    async def _exchange(
        self, connection: Connection, target: Target, request: bytes, framing: str
    ) -> Answer:
        try:
            connection.send(request)
            await connection.headers()
        except BaseException:
            connection.abort()
            raise
        return Answer(self, target.origin, connection, framing)

    def _take(self, origin: Origin) -> Connection | None:
        """The connection that idled least, if it did not idle too long."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.reusable and time.monotonic() < connection.idle_since_s + _IDLE_S:
                return connection
            connection.abort()
        return None

    async def _open(self, origin: Origin) -> Connection:
        host, port, secure = origin
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection,
                    host,
                    port,
                    ssl=self._context() if secure else None,
                    server_hostname=host if secure else None,
                )
        except TimeoutError:
            raise ConnectionLost("connect timeout", untouched=True) from None
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise ConnectionLost(_unreachable(error), untouched=True) from None
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Keep it for the next request, or close it."""
        idle = self._idle.setdefault(origin, [])
        if connection.reusable and len(idle) < _IDLE_PER_ORIGIN:
            connection.idle_since_s = time.monotonic()
            idle.append(connection)
        else:
            connection.abort()

    def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.abort()
        self._idle.clear()


def _unreachable(error: Exception) -> str:
    """Why no connection could be made, in words a caller may read."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "the provider's name cannot be resolved"
    if isinstance(error, ssl.SSLError):
        return "the provider's certificate or TLS is not acceptable"
    if isinstance(error, ConnectionRefusedError):
        return "the provider refuses connections"
    return "the provider cannot be reached"
