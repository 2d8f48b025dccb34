"""The Anthropic dialect: which call it is, what is asked, and how it is answered.

POST .../messages    POST .../complete    GET .../models
"""

from __future__ import annotations

from typing import Any

from simulator import anthropic_complete, anthropic_request, anthropic_wire
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.provider import Provider
from simulator.writer import Wire

_READERS = {"/messages": anthropic_request.parse, "/complete": anthropic_complete.parse}


def read(call: Call) -> Ask | Document:
    path = call.path.rstrip("/")
    end = path[path.rfind("/") :]
    if end == "/models":
        call.wants("GET")
        anthropic_request.authorize(call)
        return Document(listing(call.provider), is_listing=True)
    if end not in _READERS:
        raise Refused(404, "Not Found")
    call.wants("POST")
    anthropic_request.authorize(call)
    return _READERS[end](call.json(), call.headers["anthropic-version"])


def listing(provider: Provider) -> Any:
    rows = [
        {
            "type": "model",
            "id": name,
            "display_name": name.replace("-", " ").title(),
            "created_at": "2024-03-07T00:00:00Z",
        }
        for name in provider.models
    ]
    ends = {"first_id": provider.models[0], "last_id": provider.models[-1]}
    return {"data": rows, "has_more": False, **ends}


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    if ask.is_text:
        return anthropic_complete.CompleteWire(ask, answer, directive)
    thinks = anthropic_request.thinking_budget(call.json()) > 0
    return anthropic_wire.AnthropicWire(ask, answer, directive, thinks=thinks)


def error_body(provider: Provider | None, refused: Refused) -> Any:
    return anthropic_wire.error(refused.status, refused.message)
