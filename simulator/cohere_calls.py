"""Cohere on the wire: both chat APIs and the list of models.

POST /v1/chat    POST /v2/chat    GET /v1/models    GET /v2/models
"""

from __future__ import annotations

from typing import Any

from simulator import cohere_v1, cohere_v2
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.cohere_shared import authorize
from simulator.cohere_v1_wire import CohereV1Wire
from simulator.cohere_v2_wire import CohereV2Wire
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.provider import Provider
from simulator.writer import Wire

Json = dict[str, Any]


def read(call: Call) -> Ask | Document:
    path = call.path.rstrip("/")
    if path.endswith("/models"):
        call.wants("GET")
        authorize(call)
        return Document(_listing(call.provider), is_listing=True)
    if not path.endswith("/chat"):
        raise Refused(404, f"endpoint '{path}' not found.")
    call.wants("POST")
    authorize(call)
    body = call.json()
    return cohere_v2.parse(body) if _is_v2(call) else cohere_v1.parse(body)


def _is_v2(call: Call) -> bool:
    return "/v2/" in call.path


def _listing(provider: Provider) -> Json:
    return {
        "models": [
            {
                "name": name,
                "endpoints": ["generate", "chat", "summarize"],
                "finetuned": False,
                "context_length": 128_000,
                "default_endpoints": [],
            }
            for name in provider.models
        ]
    }


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    if _is_v2(call):
        return CohereV2Wire(ask, answer, directive)
    return CohereV1Wire(ask, answer, directive)


def error_body(provider: Provider | None, refused: Refused) -> Json:
    return {"message": refused.message}
