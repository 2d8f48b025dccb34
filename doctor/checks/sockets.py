"""A WebSocket through whatever stands before this server, as a browser would open it."""

from __future__ import annotations

import secrets

from django.conf import settings
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)
from websockets.sync.client import connect
from websockets.typing import Origin

from doctor.echo import PATH, ticket
from doctor.verdict import Check, Verdict, Visit, bad, ok, warn

AREA = "WebSocket"
_TIMEOUT_S = 3.0
_PROXY = "Let the proxy pass Upgrade and Connection on (docs/operations.md)."


def echo(visit: Visit | None) -> Verdict:
    url = f"ws{settings.SITE_URL.removeprefix('http')}{PATH}"
    word = secrets.token_hex(8)
    fail = bad if settings.PRODUCTION else warn
    try:
        with connect(
            f"{url}?ticket={ticket()}",
            origin=Origin(settings.SITE_URL),
            open_timeout=_TIMEOUT_S, close_timeout=0.5, proxy=None, max_size=4096,
        ) as socket:  # fmt: skip
            socket.send(word)
            answer = socket.recv(timeout=_TIMEOUT_S)
    except InvalidStatus as error:
        return fail(f"{url} answers {error.response.status_code} and opens no socket.", _PROXY)
    except InvalidHandshake:
        return fail(f"{url} answers something that is no handshake.", _PROXY)
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else 1006
        return bad(f"{url} opened and was closed with code {code}.", _remedy(code))
    except TimeoutError:
        return fail(f"{url}: nothing came back within {_TIMEOUT_S:g} s.", _PROXY)
    except (OSError, WebSocketException) as error:
        return fail(
            f"{url} cannot be reached from here ({type(error).__name__}).",
            "Check SITE_URL, DNS, firewall and certificate; the doctor's page tries it from your"
            " browser.",
        )
    if answer != word:
        return bad(f"{url} sent back something else.", "Something between changes what is sent.")
    return ok(f"{url} sent back what was sent.")


def _remedy(code: int) -> str:
    if code in {4401, 4403}:
        return "It is another site's, or has another SECRET_KEY or SITE_URL than this command."
    return _PROXY


CHECKS = (Check("sockets.echo", AREA, "Echo", echo, timeout_s=10),)
