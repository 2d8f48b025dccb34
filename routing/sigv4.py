"""AWS Signature Version 4: what a request says to prove who sends it. Pure.

Source: AWS, "Signature Version 4 signing process" (canonical request, string to sign, key). A path
is encoded once more than it is sent, as every service but S3 wants it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}
# What stands between us and them may change these, so they are not signed.
_UNSIGNED = frozenset(
    {"authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    access_key: str,
    secret_key: str,
    session_token: str | None,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The headers to add; `headers` are those that are sent anyway, and are signed too.

    `url` is the whole address, percent-encoded as it is sent; `now` knows its time zone.
    """
    time = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": time}
    if session_token:
        added["X-Amz-Security-Token"] = session_token
    canonical, signed_names = _canonical_request(method, url, {**headers, **added}, body)
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    words = f"{_ALGORITHM}\n{time}\n{scope}\n{digest}"
    signature = hmac.digest(key, words.encode(), "sha256").hex()
    return added | {
        "Authorization": f"{_ALGORITHM} Credential={access_key}/{scope}, "
        f"SignedHeaders={signed_names}, Signature={signature}"
    }


def _canonical_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    parts = urlsplit(url)
    signed = {"host": host(url)} | {
        name: " ".join(value.split())
        for given, value in headers.items()
        if (name := given.lower().strip()) not in _UNSIGNED
    }
    names = sorted(signed)
    signed_names = ";".join(names)
    lines = [
        method.upper(),
        quote(_without_dots(parts.path), safe="/~"),
        "&".join(f"{name}={value}" for name, value in _query(parts.query)),
        *(f"{name}:{signed[name]}" for name in names),
        "",
        signed_names,
        hashlib.sha256(body).hexdigest(),
    ]
    return "\n".join(lines), signed_names


def host(url: str) -> str:
    """The Host header: without the port where it is the usual one."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    usual = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return name if usual else f"{name}:{parts.port}"


def _query(query: str) -> list[tuple[str, str]]:
    """Sorted by name, then by value; each has its equals sign."""
    pairs = (pair.partition("=") for pair in query.split("&") if query)
    return sorted((name, value) for name, _, value in pairs)


def _without_dots(path: str) -> str:
    """As RFC 3986 (section 5.2.4) removes dot segments, and with no slash doubled."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{tail}"
