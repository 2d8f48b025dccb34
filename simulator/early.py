"""Answers that are over before a model would start: errors, wrecks, and documents."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from simulator import moderation
from simulator.asgi import JSON_TYPE, Header, Send, answer
from simulator.dialects import DIALECTS
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.log import Record
from simulator.provider import Provider
from simulator.writer import Writer

HTML = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>
"""
TRUNCATED = b'{"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"index": 0, "mess'


async def fail(send: Send, record: Record, provider: Provider, directive: Directive) -> bool:
    """Do what the directive wants instead of an answer. False: it wants an answer."""
    writer = Writer(send, record, directive)
    wreck = _wreck(directive)
    in_band = directive.breaks or directive.first_event_error is not None
    # With a fault in the middle, the status is the code of that error and not of the answer.
    refuses = directive.status is not None and not in_band
    moderated = directive.moderated is not None
    if directive.ttft_ms and (wreck or refuses or moderated or directive.reset):
        await asyncio.sleep(directive.ttft_ms / 1000)
    if directive.hang:
        await writer.stall()
    elif directive.reset:
        writer.reset()
    elif wreck:
        record.status = directive.status or 200
        body, content_type = wreck
        await answer(send, record.status, body, content_type)
    elif moderated:
        await _moderate(send, record, provider, directive)
    elif refuses and directive.status is not None:
        refused = Refused(directive.status, directive.message or "")
        await refuse(send, record, provider, refused, directive)
    else:
        return False
    return True


async def _moderate(send: Send, record: Record, provider: Provider, directive: Directive) -> None:
    named = tuple(word for word in (directive.reasons or "").split(",") if word)
    style = directive.moderated or provider.moderation
    record.status, body = moderation.refusal(style, named or moderation.REASONS, directive.message)
    await answer(send, record.status, orjson.dumps(body))


async def refuse(
    send: Send,
    record: Record,
    provider: Provider | None,
    refused: Refused,
    directive: Directive,
) -> None:
    record.status = refused.status
    headers: list[Header] = []
    wait_s = directive.retry_after
    if wait_s is None and provider is not None and refused.status == 429:
        wait_s = provider.retry_after_s
    if wait_s is not None:
        headers.append(("retry-after", f"{wait_s:g}"))
    dialect = DIALECTS[provider.dialect if provider else "openai"]
    body = dialect.error_body(provider, refused)
    if isinstance(body, str):
        await answer(send, refused.status, body.encode(), "text/plain; charset=utf-8", headers)
    else:
        await answer(send, refused.status, orjson.dumps(body), headers=headers)


async def document(send: Send, record: Record, status: int, body: Any) -> None:
    record.status = status
    await answer(send, status, orjson.dumps(body))
    record.finished = True


def _wreck(directive: Directive) -> tuple[bytes, str] | None:
    if directive.html:
        return HTML, "text/html; charset=utf-8"
    if directive.empty:
        return b"", JSON_TYPE
    return (TRUNCATED, JSON_TYPE) if directive.badjson else None
