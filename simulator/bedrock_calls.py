"""The Bedrock dialect: which call it is, what is asked, and how it is answered.

POST /model/{model}/converse    POST /model/{model}/converse-stream
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from simulator import bedrock_request, bedrock_signature, bedrock_wire
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.dialect import Call
from simulator.errors import Refused
from simulator.faults import Directive
from simulator.provider import Provider
from simulator.writer import Wire

_PATH = re.compile(r"/model/(?P<model>.+)/(?P<call>converse|converse-stream)")


def read(call: Call) -> Ask:
    found = _PATH.fullmatch(call.path)
    if found is None:
        raise Refused(404, "", kind="UnknownOperationException")
    call.wants("POST")
    # The path has reached us decoded, and is signed as it was sent.
    model = found["model"]
    path = f"/{call.provider.slug}/model/{quote(model, safe='')}/{found['call']}"
    bedrock_signature.authorize(path, call.headers, call.raw, call.key)
    if not isinstance(call.document, dict):
        raise Refused(400, "", kind="SerializationException")
    try:
        return bedrock_request.parse(call.document, model, stream=found["call"] != "converse")
    except (AttributeError, KeyError, TypeError):
        # A list where an object should be, and the like: AWS does not say where.
        raise Refused(400, "", kind="SerializationException") from None


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    return bedrock_wire.BedrockWire(ask, answer, directive)


def error_body(provider: Provider | None, refused: Refused) -> Any:
    name = refused.kind if refused.kind.endswith("Exception") else ""
    return bedrock_wire.error(refused.status, refused.message, name)
