"""Cross-origin rules: anyone may call the API from a page, with a key and never with cookies.

Pure constants for both planes: Django's middleware (api.middleware) and the ASGI callables of the
inference paths. The lists are today's OpenRouter's as measured (spec: openrouter-today 1.0), plus
the headers it forgot: `X-OpenRouter-Metadata`, the names that the wildcard `X-Stainless-*` meant
(a browser takes it literally), and `Retry-After` among those a page may read.
"""

from __future__ import annotations

from typing import Final

_METHODS = ("GET", "OPTIONS", "PATCH", "DELETE", "POST", "PUT")

_REQUEST_HEADERS = (
    "Authorization", "User-Agent", "X-Api-Key", "X-CSRF-Token", "X-Requested-With", "Accept",
    "Accept-Version", "Content-Length", "Content-MD5", "Content-Type", "Date", "X-Api-Version",
    "HTTP-Referer", "X-Windowai-Title", "X-Openrouter-Title", "X-Title",
    "X-Openrouter-Categories", "X-Openrouter-App-Visibility", "X-OpenRouter-Metadata",
    "X-OpenRouter-Experimental-Metadata", "X-OpenRouter-Cache", "X-OpenRouter-Cache-TTL",
    "X-OpenRouter-Cache-Clear", "X-Session-Id", "X-Stainless-*", "X-Stainless-Arch",
    "X-Stainless-Async", "X-Stainless-Custom-Poll-Interval", "X-Stainless-Helper-Method",
    "X-Stainless-Lang", "X-Stainless-OS", "X-Stainless-Package-Version",
    "X-Stainless-Poll-Helper", "X-Stainless-Retry-Count", "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version", "X-Stainless-Timeout", "anthropic-version", "anthropic-beta",
    "x-anthropic-beta", "Protection-Key", "Idempotency-Key", "traceparent", "tracestate", "b3",
)  # fmt: skip

_READABLE_HEADERS = (
    "X-Generation-Id", "X-Provider-Name", "request-id", "cf-ray", "Retry-After",
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
)  # fmt: skip

#: On every answer under /api/, errors included.
RESPONSE_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ",".join(_READABLE_HEADERS),
}

#: On the answer to OPTIONS, which is 204 without a body, whatever the path under /api/.
PREFLIGHT_HEADERS: Final = {
    **RESPONSE_HEADERS,
    "Access-Control-Allow-Methods": ",".join(_METHODS),
    "Access-Control-Allow-Headers": ",".join(_REQUEST_HEADERS),
    "Vary": "Access-Control-Request-Headers",
}


def covers(path: str) -> bool:
    """Whether a path belongs to the API, and so to these rules and to its error shape."""
    return path.startswith("/api/") or path == "/api"
