"""The one client that talks to providers: pooled connections, deadlines, the credential.

aiohttp, because it keeps its pool intact when requests are cancelled (design/streaming.md, trap 1).
The provider's credential is read here and added here, and is part of nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import aiohttp
from yarl import URL

from catalog.snapshot import Endpoint, Provider
from routing.chunk import Sent
from routing.sse import Decoder, MalformedStream

_CONNECTIONS_PER_PROVIDER = 200
_KEEPALIVE_S = 15.0
_DNS_CACHE_S = 30
_BODY_BYTES_MAX = 32 * 1024 * 1024
_ERROR_BYTES_MAX = 64 * 1024
# What stands in for a credential where the address needs none.
_NO_CREDENTIAL = "none"


class ConnectionLost(Exception):
    """The provider was not reached, or broke off. `after_headers`: it had begun to answer."""

    def __init__(self, reason: str, *, after_headers: bool = False) -> None:
        super().__init__(reason)
        self.after_headers = after_headers


@dataclass(slots=True)
class Answer:
    """A provider's answer, status and headers at hand, body to come."""

    response: aiohttp.ClientResponse
    decoder: Decoder

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def is_stream(self) -> bool:
        return self.response.content_type == "text/event-stream"

    @property
    def is_json(self) -> bool:
        return self.response.content_type.endswith("json")

    @property
    def retry_after_s(self) -> float | None:
        """Seconds of the Retry-After header; its date form is rare and ignored."""
        text = self.response.headers.get("Retry-After", "")
        return float(text) if text.replace(".", "", 1).isdigit() else None

    async def events(self) -> list[bytes] | None:
        """The events that arrived since the last call, [] for a part of one; None at the end.

        Raises ConnectionLost, MalformedStream, or what `abort` was given.
        """
        try:
            data = await self.response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionLost(type(error).__name__, after_headers=True) from None
        if data:
            return self.decoder.feed(data)
        events = self.decoder.finish()
        return events or None

    async def body(self) -> bytes:
        """The whole body; raises ConnectionLost, or MalformedStream when it is too large."""
        limit = _BODY_BYTES_MAX if self.status == 200 else _ERROR_BYTES_MAX
        parts, size = [], 0
        try:
            async for data in self.response.content.iter_any():
                parts.append(data)
                size += len(data)
                if size > limit:
                    if self.status != 200:
                        break
                    raise MalformedStream
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionLost(type(error).__name__, after_headers=True) from None
        return b"".join(parts)

    def abort(self, reason: Exception) -> None:
        """Whoever reads gets `reason`, and the connection to the provider is closed now."""
        self.response.content.set_exception(reason)
        self.response.close()

    def close(self) -> None:
        """Done: back into the pool if it was read to the end, else closed."""
        self.response.release()


class Upstream:
    """Make it inside a running event loop; `close` when the process ends."""

    def __init__(self, connect_timeout_s: float) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=connect_timeout_s, sock_read=None
        )
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._urls: dict[tuple[str | None, str, str], URL] = {}

    async def send(self, endpoint: Endpoint, sent: Sent) -> Answer:
        """POST it; the answer once its headers are here. Raises ConnectionLost."""
        provider = endpoint.provider
        try:
            response = await self._session(provider.slug).post(
                self._url(endpoint, sent.path),
                data=sent.body,
                headers=_headers(provider, sent),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionLost(type(error).__name__) from None
        return Answer(response, Decoder())

    def _session(self, slug: str) -> aiohttp.ClientSession:
        """One pool per provider, so that a dead one cannot starve the others."""
        session = self._sessions.get(slug)
        if session is None:
            session = self._sessions[slug] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS_PER_PROVIDER,
                    keepalive_timeout=_KEEPALIVE_S,
                    ttl_dns_cache=_DNS_CACHE_S,
                ),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent",),
                trust_env=False,
                auto_decompress=True,
            )
        return session

    def _url(self, endpoint: Endpoint, path: str) -> URL:
        known = (endpoint.provider.served_at, path, endpoint.upstream_model)
        url = self._urls.get(known)
        if url is None:
            base = (endpoint.provider.served_at or "").rstrip("/")
            text = (base + path).replace("{model}", endpoint.upstream_model)
            url = self._urls[known] = URL(text, encoded=True)
        return url

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()


def _headers(provider: Provider, sent: Sent) -> dict[str, str]:
    """Built from scratch: nothing of the caller's request travels along."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream" if sent.stream else "application/json",
        "Accept-Encoding": "identity",
        **provider.extra_headers,
        **sent.headers,
    }
    variables = (os.environ.get(name) for name in provider.credential_env)
    credential = next(filter(None, variables), "")
    scheme = provider.auth_scheme
    headers[provider.auth_header] = (
        f"{scheme} {credential or _NO_CREDENTIAL}" if scheme else credential or _NO_CREDENTIAL
    )
    return headers
