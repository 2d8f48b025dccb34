"""The outer guard before Django: size of headers and bodies, in the one error shape.

Django spools a body to disk before a view can refuse it (design/streaming.md, trap 6).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from api.http import Message, Receive, Scope, Send, answer_error, read_head
from openrouter_site.errors import ApiError, PayloadTooLarge


class _TooLarge(Exception):
    pass


async def guarded(application: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Run `application` unless the request is too large."""
    limit = settings.BODY_BYTES_MAX
    too_large = PayloadTooLarge(f"The body is larger than {limit} bytes.")
    try:
        head = read_head(scope["headers"])
        if head.content_length is not None and head.content_length > limit:
            raise too_large
    except ApiError as error:
        await answer_error(send, error)
        return
    size = 0
    started = False

    async def counted_receive() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _TooLarge
        return message

    async def noted_send(message: Message) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await application(scope, counted_receive, noted_send)
    except _TooLarge:
        if not started:
            await answer_error(send, too_large)
