"""Which URLs and which IP addresses we go to when a caller names them. Pure.

`public_url` reads a URL once; what follows uses what it read and never the text again, so that no
two parsers can disagree about where it leads. `may_connect` judges an address that a name turned
out to have. Source of the ranges: the IANA special-purpose registries and design/streaming.md,
trap 9 (Python's `is_global` is true for multicast, NAT64, 6to4 and more).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

URL_CHARACTERS_MAX = 8_192
# Neither a user nor an escape nor anything beside the brackets of an address.
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)(?::[0-9]{1,5})?")
# Names that resolvers answer themselves or look up in the own network.
_LOCAL_NAMES = ("localhost", "local", "internal")
_DENIED_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "100.64.0.0/10",  # carriers' own; a cloud's metadata service is in it
        "168.63.129.16/32",  # public, and yet Azure's platform behind every machine
        "192.0.0.0/24",  # protocol assignments; another cloud's metadata service
        "192.88.99.0/24",  # relays into 6to4
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# What is not allotted here is NAT64 (64:ff9b::), mapped, link-local, unique local, multicast, ... .
_ALLOTTED_IPV6 = ipaddress.IPv6Network("2000::/3")
_DENIED_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments; Teredo, which wraps any IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which wraps any IPv4 address
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class PublicURL:
    """Where a URL leads. `host` is a name or an address, lower case, without a last dot."""

    is_secure: bool
    host: str
    port: int
    target: str
    """What stands in the request line."""

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_secure else 80) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{'https' if self.is_secure else 'http'}://{self.authority}{self.target}"


def public_url(url: str) -> PublicURL | None:
    """What it says, or None for what is no http(s) URL of a public host in its plain spelling.

    A URL that two parsers could read differently (blanks, backslash, user@, %2e) is not public,
    nor is an address in any spelling but the plain one, nor a name without a dot.
    """
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable():
        return None
    if " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
        if parts.scheme not in ("http", "https") or not _AUTHORITY.fullmatch(parts.netloc):
            return None
        is_secure = parts.scheme == "https"
        port = parts.port if parts.port is not None else 443 if is_secure else 80
        if not (port and _is_public_host(host)):
            return None
    except ValueError:
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return PublicURL(is_secure, host, port, target)


def _is_public_host(host: str) -> bool:
    """Raises ValueError for a malformed address."""
    if ":" in host:
        return _is_public(ipaddress.IPv6Address(host))
    labels = host.split(".")
    if labels[-1][:1].isdigit():
        return _is_public(ipaddress.IPv4Address(host))
    return len(labels) > 1 and all(labels) and labels[-1] not in _LOCAL_NAMES


def may_connect(address: str) -> bool:
    """Whether a caller may make us connect to it: one of the public internet, nothing else."""
    try:
        return _is_public(ipaddress.ip_address(address))
    except ValueError:
        return False


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _DENIED_IPV4)
    return (
        address.scope_id is None
        and address in _ALLOTTED_IPV6
        and not any(address in network for network in _DENIED_IPV6)
    )
