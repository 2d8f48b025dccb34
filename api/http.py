"""HTTP for the raw ASGI callables: headers, bodies under a limit, JSON answers. No framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from api.cors import PREFLIGHT_HEADERS, RESPONSE_HEADERS
from openrouter_site.errors import (
    ApiError,
    BadRequest,
    HeadersTooLarge,
    PayloadTooLarge,
    RequestTimeout,
    Unauthorized,
)
from routing.complete import App

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

HEADER_BYTES_MAX = 64 * 1024
HEADERS_MAX = 200
_TITLE_CHARACTERS_MAX = 128
_REFERER_CHARACTERS_MAX = 512
_USER_AGENT_CHARACTERS_MAX = 256

CORS: tuple[Header, ...] = tuple(
    (name.lower().encode(), value.encode()) for name, value in RESPONSE_HEADERS.items()
)
_PREFLIGHT = [(name.lower().encode(), value.encode()) for name, value in PREFLIGHT_HEADERS.items()]
_JSON: Header = (b"content-type", b"application/json")


class ClientLeft(Exception):
    """The connection closed before the request was complete; there is nobody to answer."""


@dataclass(slots=True)
class Head:
    """The headers that matter to an inference request."""

    authorization: str | None = None
    content_length: int | None = None
    content_type: str = ""
    referer: str = ""
    title: str = ""
    user_agent: str = ""
    explain: bool = False

    def app(self) -> App:
        """Who calls, as rankings may show it: no credential, no control character, cut to size."""
        referer = self.referer[: _REFERER_CHARACTERS_MAX + 1]
        if len(referer) > _REFERER_CHARACTERS_MAX or not _is_web_address(referer):
            referer = ""
        title = "".join(character for character in self.title if character.isprintable())
        return App(
            referer,
            title[:_TITLE_CHARACTERS_MAX].strip(),
            self.user_agent[:_USER_AGENT_CHARACTERS_MAX],
        )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def read_head(headers: Iterable[Header]) -> Head:
    """One pass over the headers; raises ApiError (400, 401, 413, 431)."""
    head = Head()
    size = count = 0
    for name, value in headers:
        size += len(name) + len(value)
        count += 1
        if name == b"authorization":
            if head.authorization is not None:
                raise Unauthorized("Send one Authorization header, not several.")
            head.authorization = value.decode("latin-1")
        elif name == b"content-length":
            head.content_length = int(value) if value.isdigit() else None
        elif name == b"content-type":
            head.content_type = value.decode("latin-1").lower()
        elif name == b"content-encoding":
            if value.strip().lower() not in {b"", b"identity"}:
                raise BadRequest("Content-Encoding is not accepted; send the JSON as it is.")
        elif name in _EXPLAIN_HEADERS:
            head.explain = value.strip().lower() == b"enabled"
        elif name in _APP_HEADERS:
            setattr(head, _APP_HEADERS[name], value.decode("utf-8", "replace"))
    if size > HEADER_BYTES_MAX or count > HEADERS_MAX:
        raise HeadersTooLarge("The request's headers are too large.")
    return head


_EXPLAIN_HEADERS = frozenset({b"x-openrouter-metadata", b"x-openrouter-experimental-metadata"})
_APP_HEADERS = {
    b"http-referer": "referer",
    b"referer": "referer",
    b"x-title": "title",
    b"x-openrouter-title": "title",
    b"user-agent": "user_agent",
}


async def read_body(head: Head, receive: Receive) -> bytes:
    """The whole body; raises PayloadTooLarge, RequestTimeout, BadRequest, ClientLeft.

    JSON is read whatever the Content-Type says (the seed's examples omit it), but not a form.
    """
    limit = settings.BODY_BYTES_MAX
    if head.content_length is not None and head.content_length > limit:
        raise _too_large()
    if head.content_type.startswith("multipart/"):
        raise BadRequest("Send JSON, not multipart/form-data.")
    message = await _next(receive)
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise _too_large()
        return body
    parts, size = [body], len(body)
    try:
        async with asyncio.timeout(settings.BODY_TIMEOUT_S):
            while message.get("more_body"):
                message = await _next(receive)
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise _too_large()
    except TimeoutError:
        raise RequestTimeout("The request's body took too long to arrive.") from None
    return b"".join(parts)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    return message


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {settings.BODY_BYTES_MAX} bytes.")


async def answer_preflight(send: Send) -> None:
    """The answer to OPTIONS, whatever the path."""
    await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    await send({"type": "http.response.body", "body": b""})


async def answer(
    send: Send, status: int, body: bytes, headers: Iterable[Header] = (_JSON,)
) -> None:
    """A whole answer, with our CORS headers."""
    length = (b"content-length", str(len(body)).encode())
    await send(
        {"type": "http.response.start", "status": status, "headers": [*headers, length, *CORS]}
    )
    await send({"type": "http.response.body", "body": body})


async def answer_error(
    send: Send,
    error: ApiError,
    headers: Iterable[Header] = (),
    metadata: dict[str, Any] | None = None,
) -> None:
    """The one error shape; `metadata` is the router's, beside the error."""
    own = [(name.lower().encode(), value.encode()) for name, value in error.headers().items()]
    close = [(b"connection", b"close")] if error.code in {408, 413, 431} else []
    body = error.body() | ({"openrouter_metadata": metadata} if metadata else {})
    await answer(send, error.code, orjson.dumps(body), [_JSON, *own, *close, *headers])
