"""How every bare ASGI call begins: preflight, method, head, key, body; and how it may end there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from accounts import keys
from accounts.keys import Key
from api.http import (
    ClientLeft,
    Head,
    Receive,
    Scope,
    Send,
    answer_error,
    answer_preflight,
    read_body,
    read_head,
)
from openrouter_site.errors import ApiError, InternalError, MethodNotAllowed

logger = logging.getLogger(__name__)

Opened = TypeVar("Opened")


async def opened(
    scope: Scope,
    receive: Receive,
    send: Send,
    request_id: str,
    prepare: Callable[[Head, Key, bytes], Awaitable[Opened]],
) -> Opened | None:
    """What `prepare` made of a POST; None when there is nothing left to do.

    That is: it was a preflight, the client left, or an error was answered, in the one shape and
    under `request_id` where nobody foresaw it. Raises nothing.
    """
    if scope["method"] == "OPTIONS":
        await answer_preflight(send)
        return None
    try:
        if scope["method"] != "POST":
            raise MethodNotAllowed(("POST",))
        head = read_head(scope["headers"])
        key = await keys.authenticate(head.authorization)
        return await prepare(head, key, await read_body(head, receive))
    except ClientLeft:
        return None
    except ApiError as error:
        await answer_error(send, error)
    except Exception:
        logger.exception("request %s failed", request_id)
        await answer_error(send, InternalError(request_id))
    return None
