"""The little of ASGI that we need: types, the request body, one-shot answers, the disconnect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import orjson

JSON_TYPE = "application/json"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[str, str]

BODY_BYTES_MAX = 64 * 1024 * 1024


class Disconnected(Exception):
    """The client went away before its request was whole."""


class TooLarge(Exception):
    """The body is larger than any provider takes."""


async def read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def disconnected(receive: Receive) -> None:
    """Return when the client is gone. uvicorn answers at once when the socket closes."""
    while (await receive())["type"] != "http.disconnect":
        pass


def header_list(headers: Iterable[Header]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def answer(
    send: Send,
    status: int,
    body: bytes,
    content_type: str = JSON_TYPE,
    headers: Iterable[Header] = (),
) -> None:
    fixed = [("content-type", content_type), ("content-length", str(len(body)))]
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": header_list([*fixed, *headers]),
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, status: int, value: Any) -> None:
    await answer(send, status, orjson.dumps(value))
