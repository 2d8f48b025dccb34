"""Where a request goes, and the head of it: address, headers, the provider's credential.

The credential is put into the head here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from catalog.credentials import ProviderCredential
from catalog.snapshot import Endpoint, Provider
from routing import authorization
from routing.chunk import Sent
from routing.connection import ConnectionLost
from routing.framing import FRAMINGS

_SSE = "text/event-stream"
# Host, port, and whether it is TLS.
Origin = tuple[str, int, bool]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, and the part of its head that is the same for all.

    `headers` are those of the head; `is_whole` unless authorization is made for each request.
    """

    endpoint: Endpoint
    credential: ProviderCredential
    origin: Origin
    url: str
    headers: Mapping[str, str] = field(repr=False)  # the credential may be among them
    head: bytes = field(repr=False)
    is_whole: bool

    def request(self, sent: Sent, more: Mapping[str, str] | None = None) -> bytes:
        """Raises ConnectionLost when one of the headers `more` cannot be sent."""
        head = self.head
        if more:
            head += _encoded([f"{name}: {value}" for name, value in more.items()])
        if sent.method == "GET":
            return head + b"\r\n"
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(sent.body), sent.body)


def target_of(endpoint: Endpoint, sent: Sent, credential: ProviderCredential) -> Target:
    """Raises ConnectionLost for an address or a header that cannot be sent."""
    provider = endpoint.provider
    base = (provider.served_at or "").rstrip("/")
    url = sent.path if is_absolute(sent.path) else base + sent.path
    parts, origin = _split(url.replace("{model}", endpoint.upstream_model))
    # Where a provider sends us need not know our credential, and must not be elsewhere.
    is_home = not is_absolute(sent.path) or origin == (home := _split(base)[1])
    if not is_home and not _is_neighbour(origin, home):
        raise ConnectionLost("the provider leads to another site", untouched=True)
    authorized = authorization.fixed(provider, credential) if is_home else {}
    resource = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    host = parts.netloc.rpartition("@")[2]
    headers = {
        "Host": host,
        **plain_headers(provider, sent.framing if sent.stream else None),
        **(authorized or {}),
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return Target(
        endpoint=endpoint,
        credential=credential,
        origin=origin,
        url=f"{parts.scheme}://{host}{resource}",
        headers=headers,
        head=_encoded([f"{sent.method} {resource} HTTP/1.1", *lines]),
        is_whole=authorized is not None,
    )


def plain_headers(provider: Provider, framing: str | None = None) -> dict[str, str]:
    """Built from scratch: nothing of the caller's request travels along. No credential yet."""
    accepted = "application/json"
    if framing is not None:
        # Who streams in another way decides by the path; some would switch to this one if asked.
        is_sse = FRAMINGS[framing].content_types == {_SSE}
        accepted = _SSE if is_sse else "*/*"
    return {
        "Content-Type": "application/json",
        "Accept": accepted,
        "Accept-Encoding": "identity",
        **provider.extra_headers,
    }


def _encoded(lines: list[str]) -> bytes:
    if any(character in line for line in lines for character in "\r\n\0"):
        raise ConnectionLost("malformed header", untouched=True)
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1", "replace")


def is_absolute(path: str) -> bool:
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
    """Another host of the same site and port: stream.replicate.com beside api.replicate.com."""
    site = home[0].partition(".")[2]
    is_name = "." in site and not site.rpartition(".")[2].isdigit()
    return is_name and origin[0].endswith(f".{site}") and origin[1:] == home[1:]
