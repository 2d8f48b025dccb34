"""The OpenAI dialect: which call it is, what is asked, and how it is answered.

    POST .../chat/completions    POST .../completions    GET .../models    POST .../moderations

What stands before these words is the provider's own base path, and is ignored.
"""

from __future__ import annotations

from typing import Any

from simulator import moderations, openai_request
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.dialect import Call, Document
from simulator.errors import Refused, body_of
from simulator.faults import Directive
from simulator.openai_wire import OpenAIWire
from simulator.writer import Wire


def read(call: Call) -> Ask | Document:
    path, provider = call.path.rstrip("/"), call.provider
    if path.endswith("/models") and provider.listing:
        call.wants("GET")
        openai_request.authorize(call)
        return Document(listing(call), is_listing=True)
    if path.endswith("/moderations") and provider.moderations:
        return moderations.read(call)
    is_text = not path.endswith("/chat/completions")
    if is_text and not (path.endswith("/completions") and provider.completions):
        raise Refused(404, f"Unknown request URL: {call.method} {path}.", "url")
    call.wants("POST")
    body = call.json()
    openai_request.authorize(call)
    return openai_request.parse(provider, body, is_text)


def listing(call: Call) -> Any:
    provider = call.provider
    shared = {"object": "model", "created": 1_714_521_600, "owned_by": provider.slug}
    rows = [{"id": name, **shared, **provider.listed_with} for name in provider.models]
    return rows if provider.bare_listing else {"object": "list", "data": rows}


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    return OpenAIWire(call.provider, ask, answer, directive)


error_body = body_of
