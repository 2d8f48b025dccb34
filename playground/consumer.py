"""`/ws/playground`: the socket of a page of the Playground."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.db import DatabaseError

from accounts import session_user
from accounts.models import User
from openrouter_site import origins
from playground import connection as codes
from playground.connection import Connection
from playground.obeying import Obeying
from playground.pace import Pace
from playground.saver import in_thread
from playground.service import Playground

PATH = "/ws/playground"
FRAME_BYTES_MAX = 1024 * 1024
FRAMES_PER_SECOND_MAX = 50
_FAREWELL_S = 5.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def serve(playground: Playground, scope: Scope, receive: Receive, send: Send) -> None:
    """The life of one socket. Raises nothing."""
    await receive()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if not origins.is_own(headers.get("origin", ""), headers.get("host", "")):
        # Before it is accepted, that is an HTTP 403.
        await send({"type": "websocket.close"})
        return
    session = session_user.session_key(headers.get("cookie", ""))
    user = await person(session)
    try:
        await send({"type": "websocket.accept"})
        code = await _served(playground, user, session, receive, send)
        # Who does not read takes no farewell either.
        async with asyncio.timeout(_FAREWELL_S):
            await send({"type": "websocket.close", "code": code})
    except OSError:
        # The other side is gone.
        return


async def person(session: str) -> User | None:
    """Who is signed in; nobody, where the database cannot tell."""
    try:
        return await in_thread(lambda: session_user.signed_in(session))
    except DatabaseError:
        return None


async def _served(
    playground: Playground, user: User | None, session: str, receive: Receive, send: Send
) -> int:
    """The code to close it with."""
    if user is None:
        return codes.SIGNED_OUT
    connection = Connection(user, session, playground.engine.cashier.instance_id)
    if not playground.opened(connection):
        return codes.TOO_MUCH

    async def write(frame: bytes) -> None:
        await send({"type": "websocket.send", "text": frame.decode()})

    try:
        reading = _read(playground, connection, receive)
        return await connection.attend(connection.tell(write), reading)
    finally:
        playground.closed(connection)


async def _read(playground: Playground, connection: Connection, receive: Receive) -> None:
    """Take commands until the other side closes, or sends too much."""
    connection.obey = Obeying(playground, connection).obey
    pace = Pace(FRAMES_PER_SECOND_MAX, 1.0)
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            connection.end(1000)
            return
        frame = message.get("text")
        if frame is None:
            frame = message.get("bytes") or b""
        if len(frame) > FRAME_BYTES_MAX:
            connection.end(codes.TOO_LARGE)
            return
        if not pace.allows(connection.user.pk):
            connection.end(codes.TOO_MUCH)
            return
        connection.obey(frame)
