"""For networks that let no socket pass: events by `GET /playground/events` (SSE), commands by
`POST /playground/commands`; and the 3D objects of temporary chats, which are in memory only.

The stream's first event names the connection; commands bear that name in X-Connection, and reach
it whichever process the load balancer gives them to.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import orjson

from accounts import session_user
from accounts.models import User
from openrouter_site import origins
from openrouter_site.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    TooManyRequests,
    Unauthorized,
)
from playground import ending, ids
from playground.connection import Connection
from playground.consumer import FRAME_BYTES_MAX, person
from playground.obeying import Obeying
from playground.service import Playground

EVENTS, COMMANDS, OBJECTS = "/playground/events", "/playground/commands", "/playground/objects/"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_QUIET_S = 15.0
_BODY_TIMEOUT_S = 30.0
_CONNECTION = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{32}")
_OBJECT = re.compile(rf"{OBJECTS}([^/]+)/(\d{{1,2}})")
_NOBODY = "Sign in to use the Playground."


def is_here(path: str) -> bool:
    """Whether `serve` answers it, and not Django."""
    return path in (EVENTS, COMMANDS) or path.startswith(OBJECTS)


async def serve(playground: Playground, scope: Scope, receive: Receive, send: Send) -> None:
    """Raises nothing."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        if scope["path"] == COMMANDS:
            await _command(playground, scope["method"], headers, receive)
            await _answer(send, 202, b"{}")
        elif scope["path"] == EVENTS:
            await _events(playground, scope["method"], headers, receive, send)
        else:
            data = await _object(playground, scope, headers)
            disposition = (b"content-disposition", b'attachment; filename="object.ply"')
            await _answer(send, 200, data, ending.PLY, [disposition])
    except ApiError as error:
        own = [(name.lower().encode(), text.encode()) for name, text in error.headers().items()]
        await _answer(send, error.code, orjson.dumps(error.body()), headers=own)
    except OSError:
        # The other side is gone.
        return


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    media_type: str = "application/json",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    own = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _visitor(headers: dict[str, str]) -> tuple[User, str]:
    session = session_user.session_key(headers.get("cookie", ""))
    user = await person(session)
    if user is None:
        raise Unauthorized(_NOBODY)
    return user, session


def _refuse_strangers(headers: dict[str, str]) -> None:
    """Reading is same-origin anyway; but other sites shall not even open it."""
    origin = headers.get("origin")
    if origin is not None and not origins.is_own(origin, headers.get("host", "")):
        raise Forbidden("This is for pages of this site.")
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This is for pages of this site.")


async def _events(
    playground: Playground, method: str, headers: dict[str, str], receive: Receive, send: Send
) -> None:
    if method != "GET":
        raise MethodNotAllowed(("GET",))
    _refuse_strangers(headers)
    user, session = await _visitor(headers)
    connection = Connection(user, session, playground.engine.cashier.instance_id)
    connection.obey = Obeying(playground, connection).obey
    connection.say({"type": "connected", "connection": connection.id})
    if not playground.opened(connection):
        raise TooManyRequests("Too many pages of the Playground are open.")
    try:
        await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
        await _told(connection, receive, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        playground.closed(connection)


_STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def _told(connection: Connection, receive: Receive, send: Send) -> None:
    """Until the page is gone, or is to be closed."""

    async def write(frame: bytes) -> None:
        body = b"data: " + frame + b"\n\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})

    async def awake() -> None:
        # Whatever stands between closes a connection on which nothing is said.
        while True:
            await asyncio.sleep(_QUIET_S)
            connection.say({"type": "pong"})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        connection.end(1000)

    tasks = [asyncio.create_task(work) for work in (connection.tell(write), awake(), gone())]
    try:
        await connection.ended
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _command(
    playground: Playground, method: str, headers: dict[str, str], receive: Receive
) -> None:
    """A page's own Origin is what a form of another site cannot have: no token is needed beside."""
    if method != "POST":
        raise MethodNotAllowed(("POST",))
    if not origins.is_own(headers.get("origin", ""), headers.get("host", "")):
        raise Forbidden("This is for pages of this site.")
    name = headers.get("x-connection", "")
    if not _CONNECTION.fullmatch(name):
        raise BadRequest("X-Connection must be the name in the first event of the stream.")
    frame = await _body(headers, receive)
    user, _ = await _visitor(headers)
    if not playground.may_command(user.pk):
        raise TooManyRequests("Too many commands within a second.", retry_after_s=1)
    if not playground.obey(name, user.pk, frame.decode(errors="replace")):
        raise NotFound("The stream of events is closed.")


async def _body(headers: dict[str, str], receive: Receive) -> bytes:
    length = headers.get("content-length", "")
    too_large = PayloadTooLarge(f"A command has at most {FRAME_BYTES_MAX} bytes.")
    if length.isascii() and length.isdigit() and int(length[:12]) > FRAME_BYTES_MAX:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise OSError("gone")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > FRAME_BYTES_MAX:
                    raise too_large
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise RequestTimeout("The command took too long to arrive.") from None


async def _object(playground: Playground, scope: Scope, headers: dict[str, str]) -> bytes:
    if scope["method"] not in {"GET", "HEAD"}:
        raise MethodNotAllowed(("GET",))
    user, _ = await _visitor(headers)
    match = _OBJECT.fullmatch(scope["path"])
    if match is None or not ids.is_id("msg", match[1]):
        raise NotFound("There is no such object.")
    data = await playground.objects.get(match[1], user.pk, int(match[2]))
    if data is None:
        raise NotFound("There is no such object.")
    return data
