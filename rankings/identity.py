"""Which app a request belongs to, by what it says of itself: HTTP-Referer and X-Title. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

ORIGIN_CHARS_MAX = 200
LOCALHOST = "http://localhost"
# Names with letters of any script, or an address.
_HOST = re.compile(r"[\w.:%-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Identity:
    """`key` is what tells apps apart."""

    key: str
    origin: str
    title: str


def identity_of(referer: str, title: str) -> Identity | None:
    """None for what is no app: no http(s) address, or one on localhost without a title.

    Titles are shown as they are, escaped by whoever shows them; what has no letters is none.
    """
    origin = _origin(referer)
    if origin is None:
        return None
    title = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    if origin != LOCALHOST:
        return Identity(origin, origin, title)
    return Identity(f"{origin}#{title}", origin, title) if title else None


def _origin(referer: str) -> str | None:
    """Scheme and host, and a port that is not the scheme's own. All of this machine are one: which
    port a program has today says nothing of who it is."""
    try:
        parts = urlsplit(referer.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or not _HOST.fullmatch(host):
        return None
    if _is_this_machine(host):
        return LOCALHOST
    shown = f"[{host}]" if ":" in host else host
    own = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    origin = f"{parts.scheme}://{shown}{own}"
    return origin if len(origin) <= ORIGIN_CHARS_MAX else None


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
