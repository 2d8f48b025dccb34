"""What the dialects that differ most from OpenAI's share when they translate. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.formats.contents import nests_deeper
from routing.request import ChatRequest

# Where a protocol wants a turn that nobody took; it says nothing.
SILENCE = "..."
_CONTINUE = (
    "Your answer has already begun with the text between the two lines of dashes. Continue it"
    " exactly where it ends; do not repeat it and do not comment on it.\n---\n{beginning}\n---"
)


def accepted(request: ChatRequest, endpoint: Endpoint) -> dict[str, Any]:
    """The parameters that this endpoint supports, under OpenAI's names; the others are left out
    (seed)."""
    supported = endpoint.supported_parameters
    unsupported = endpoint.provider.unsupported_parameters
    return {
        name: value
        for name, value in request.parameters.items()
        if name in supported and name not in unsupported and name != "max_tokens"
    }


def clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def as_object(text: str) -> dict[str, Any] | None:
    """The JSON object in this text, or None where it holds something else."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and not nests_deeper(found) else None


def arguments_of(call: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a tool call as an object, which some protocols demand.

    Models do write arguments that are no JSON; those travel as they are, under one key.
    """
    text = call["function"].get("arguments") or "{}"
    found = as_object(text)
    return {"arguments": text} if found is None else found


def continuation(beginning: str) -> str:
    """For models that do not continue their own last message: asked to, in the user's words."""
    return _CONTINUE.format(beginning=beginning)


def call_id(event: bytes, number: int) -> str:
    """An id for a tool call of a provider that gives none: another for each call and answer."""
    digest = hashlib.blake2b(event, digest_size=12, salt=number.to_bytes(4, "big"))
    return f"call_{digest.hexdigest()}"


def tool_call(number: int, call: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    """A tool call in OpenAI's shape, whole or its beginning; without an id, a later piece of it."""
    if call is None:
        return {"index": number, "function": {"arguments": arguments}}
    return {
        "index": number,
        "id": call,
        "type": "function",
        "function": {"name": name or "", "arguments": arguments},
    }


def said(event: bytes) -> Any:
    """An event as JSON; raises ValueError. An array of one is what Google wraps errors in."""
    document = orjson.loads(event)
    if isinstance(document, list) and len(document) == 1:
        return document[0]
    return document
