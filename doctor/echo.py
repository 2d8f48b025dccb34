"""`/ws/echo`: sends back what it gets, to show that sockets pass the proxy.

For staff (by the session's cookie) and for whoever has a ticket: signed, a minute old at most, made
by `manage.py doctor`. Frames, their number and their time are bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from django.core import signing
from django.db import DatabaseError

from accounts import session_user
from openrouter_site import origins

PATH = "/ws/echo"
FRAME_CHARACTERS_MAX = 256
FRAMES_MAX = 16
LIFE_S = 30.0
NOT_ALLOWED, FOREIGN, TOO_LONG, TOO_MUCH = 4401, 4403, 1009, 1008

_TICKET_AGE_S_MAX = 60
_signer = signing.TimestampSigner(salt="doctor.echo")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def ticket() -> str:
    """Opens the echo for a minute."""
    return _signer.sign("echo")


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """The life of one socket. Refusals are codes of an open socket: browsers see no others."""
    await receive()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    await send({"type": "websocket.accept"})
    if not origins.is_own(headers.get("origin", ""), headers.get("host", "")):
        code = FOREIGN
    elif not (_has_ticket(scope) or await asyncio.to_thread(_is_staff, headers.get("cookie", ""))):
        code = NOT_ALLOWED
    else:
        code = await _echo(receive, send)
    if code:
        await send({"type": "websocket.close", "code": code})


async def _echo(receive: Receive, send: Send) -> int:
    """The code to close with; 0 when the other side has closed."""
    try:
        async with asyncio.timeout(LIFE_S):
            for _ in range(FRAMES_MAX):
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return 0
                text = message.get("text")
                if not isinstance(text, str) or len(text) > FRAME_CHARACTERS_MAX:
                    return TOO_LONG
                await send({"type": "websocket.send", "text": text})
    except TimeoutError:
        return 1000
    return TOO_MUCH


def _has_ticket(scope: Scope) -> bool:
    given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("ticket", [""])[0]
    try:
        _signer.unsign(given, max_age=_TICKET_AGE_S_MAX)
    except signing.BadSignature:
        return False
    return True


def _is_staff(cookie_header: str) -> bool:
    try:
        user = session_user.signed_in(session_user.session_key(cookie_header))
    except DatabaseError:
        return False
    return user is not None and user.is_staff
