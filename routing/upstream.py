"""The one client that talks to providers: pooled connections, TLS, the credential.

The provider's credential is read here and added here, and is part of nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from catalog.snapshot import Endpoint, Provider
from routing.chunk import Sent
from routing.connection import Connection, ConnectionLost
from routing.framing import FRAMINGS
from routing.sse import MalformedStream

__all__ = ["Answer", "ConnectionLost", "Upstream"]

_IDLE_PER_ORIGIN = 100
# Shorter than any provider's own, so that we seldom meet a connection that is just being closed.
_IDLE_S = 15.0
# A connection that was closed already says so within a round trip.
_STALE_NOTICED_S = 1.0
_TELL_TIMEOUT_S = 5.0
_BODY_BYTES_MAX = 32 * 1024 * 1024
_ERROR_BYTES_MAX = 64 * 1024
# What stands in for a credential where the address needs none.
_NO_CREDENTIAL = "none"


# Host, port, and whether it is TLS.
Origin = tuple[str, int, bool]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, and the part of its head that is the same for all."""

    endpoint: Endpoint
    origin: Origin
    head: bytes = field(repr=False)  # it holds the credential

    def request(self, sent: Sent) -> bytes:
        if sent.method == "GET":
            return self.head + b"\r\n"
        return b"%bContent-Length: %d\r\n\r\n%b" % (self.head, len(sent.body), sent.body)


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
        self._targets: dict[tuple[int, str, bool], Target] = {}
        self._tls: ssl.SSLContext | None = None

    async def send(self, endpoint: Endpoint, sent: Sent) -> Answer:
        """Send it; the answer once its headers are here. Raises ConnectionLost.

        A pooled connection that the provider closed meanwhile is replaced, once, by a new one.
        """
        target = self._target(endpoint, sent)
        request = target.request(sent)
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

    async def tell(self, endpoint: Endpoint, sent: Sent) -> None:
        """Send it and take no interest in the answer."""
        with contextlib.suppress(ConnectionLost, MalformedStream, TimeoutError):
            async with asyncio.timeout(_TELL_TIMEOUT_S):
                answer = await self.send(endpoint, sent)
                try:
                    await answer.body()
                    answer.close()
                finally:
                    answer.abort()

    def _target(self, endpoint: Endpoint, sent: Sent) -> Target:
        """Made once for each endpoint, and again when the catalog has a new one of its id."""
        if sent.method != "POST" or _is_absolute(sent.path):
            # Of one prediction: nobody will ask for it again.
            return _target(endpoint, sent)
        key = (endpoint.id, sent.path, sent.stream)
        target = self._targets.get(key)
        if target is None or target.endpoint is not endpoint:
            target = self._targets[key] = _target(endpoint, sent)
        return target

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
            raise ConnectionLost(type(error).__name__, untouched=True) from None
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


def _target(endpoint: Endpoint, sent: Sent) -> Target:
    """Raises ConnectionLost for an address or a header that cannot be sent."""
    base = (endpoint.provider.served_at or "").rstrip("/")
    url = sent.path if _is_absolute(sent.path) else base + sent.path
    parts, origin = _split(url.replace("{model}", endpoint.upstream_model))
    headers = request_headers(endpoint.provider, stream=sent.stream)
    if _is_absolute(sent.path) and origin != (home := _split(base)[1]):
        # Where a provider sends us need not know our credential, and must not be elsewhere.
        if not _is_neighbour(origin, home):
            raise ConnectionLost("the provider leads to another site", untouched=True)
        del headers[endpoint.provider.auth_header]
    lines = [
        f"{sent.method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
        f"Host: {parts.netloc.rpartition('@')[2]}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise ConnectionLost("malformed header", untouched=True)
    head = "".join(f"{line}\r\n" for line in lines).encode("latin-1", "replace")
    return Target(endpoint, origin, head)


def _is_absolute(path: str) -> bool:
    return not path.startswith("/")


def _split(url: str) -> tuple[SplitResult, Origin]:
    """Raises ConnectionLost for what is no address of a web server."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConnectionLost("malformed address", untouched=True) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConnectionLost("malformed address", untouched=True)
    secure = parts.scheme == "https"
    return parts, (host, port or (443 if secure else 80), secure)


def _is_neighbour(origin: Origin, home: Origin) -> bool:
    """Another host of the same site: stream.replicate.com beside api.replicate.com."""
    site = home[0].split(".")[-2:]
    is_name = len(site) == 2 and not site[-1].isdigit()
    return is_name and origin[0].split(".")[-2:] == site and origin[2] == home[2]


def request_headers(provider: Provider, *, stream: bool) -> dict[str, str]:
    """Built from scratch, credential included: nothing of the caller's request travels along."""
    variables = (os.environ.get(name) for name in provider.credential_env)
    credential = next(filter(None, variables), _NO_CREDENTIAL)
    scheme = provider.auth_scheme
    return {
        "Content-Type": "application/json",
        "Accept": "text/event-stream" if stream else "application/json",
        "Accept-Encoding": "identity",
        **provider.extra_headers,
        provider.auth_header: f"{scheme} {credential}" if scheme else credential,
    }
