"""Azure OpenAI on the wire: OpenAI's answers in Azure's envelope.

    POST [/openai]/deployments/<name>/chat/completions?api-version=...    and .../completions
    GET  [/openai]/models?api-version=...

Source: Azure OpenAI Service REST API reference and its answers to wrong requests. Any name is a
deployment: its owner chose it. A key is wanted in `api-key`; the version decides what is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from simulator import openai_calls, openai_request
from simulator.answer import Answer
from simulator.ask import Ask
from simulator.azure_wire import AzureWire
from simulator.dialect import Call, Document
from simulator.errors import Refused, body_of
from simulator.faults import Directive
from simulator.provider import Provider
from simulator.writer import Wire

_PATH = re.compile(r"(?:/openai)?/deployments/([^/]+)/(chat/completions|completions)/?")
_MODELS = re.compile(r"(?:/openai)?/models/?")
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
# Before this version a stream could not be asked for its usage.
_USAGE_SINCE = "2024-08-01"
_NEW = frozenset(("stream_options", "parallel_tool_calls", "max_completion_tokens"))
_OF_OWNERS = frozenset(("data_sources",))

_NO_KEY = "no_key"
_WRONG_KEY = "wrong_key"
_MESSAGES = {
    _NO_KEY: "Unauthorized. Access token is missing, invalid, audience is incorrect"
    " (https://cognitiveservices.azure.com), or have expired.",
    _WRONG_KEY: "Access denied due to invalid subscription key or wrong API endpoint. Make sure to"
    " provide a valid key for an active subscription and use a correct regional API endpoint for"
    " your resource.",
}


def read(call: Call) -> Ask | Document:
    version = call.query.get("api-version", "")
    if not _VERSION.fullmatch(version):
        raise Refused(404, "Resource not found", kind="404")
    if _MODELS.fullmatch(call.path):
        call.wants("GET")
        _authorize(call)
        return Document(openai_calls.listing(call), is_listing=True)
    found = _PATH.fullmatch(call.path)
    if found is None:
        raise Refused(404, "Resource not found", kind="404")
    call.wants("POST")
    _authorize(call)
    deployment, is_text = found[1], found[2] == "completions"
    # The SDK repeats the deployment in the body; nobody looks at it.
    body = {**call.json(), "model": deployment}
    return openai_request.parse(_at(call.provider, version), body, is_text)


def _at(provider: Provider, version: str) -> Provider:
    """The provider as it was with this version of its API."""
    known = (provider.strict or frozenset()) | _OF_OWNERS
    return replace(provider, strict=known if version >= _USAGE_SINCE else known - _NEW)


def _authorize(call: Call) -> None:
    given = call.headers.get("api-key", "")
    if not given:
        raise Refused(401, _MESSAGES[_NO_KEY], kind=_NO_KEY)
    if call.key is not None and given != call.key:
        raise Refused(401, _MESSAGES[_WRONG_KEY], kind=_WRONG_KEY)


def wire(call: Call, ask: Ask, answer: Answer, directive: Directive) -> Wire:
    return AzureWire(call.provider, ask, answer, directive)


def error_body(provider: Provider | None, refused: Refused) -> Any:
    """The gateway in front of the models has codes that are statuses, and one body without them."""
    if refused.kind == _NO_KEY:
        return {"statusCode": 401, "message": refused.message}
    if refused.status in (401, 404, 429):
        return {"error": {"code": str(refused.status), "message": refused.message}}
    return body_of(provider, refused)
