"""What both versions of Cohere's chat API have in common: limits, counts, errors. Pure.

Sources: Cohere's API references "Chat" (v1, v2) and "Errors", and the types of its Python SDK.
"""

from __future__ import annotations

from typing import Any

import orjson

from routing import failures
from routing.chunk import Failure, Usage
from routing.formats.contents import figure
from routing.formats.translation import clamped

Json = dict[str, Any]

_STOPS_MAX, _TOP_K_MAX = 5, 500
_SEEDS = 2**63
_BLOCKED, _CANCELLED = 498, 499

FINISH_REASONS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "TOOL_CALL": "tool_calls",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "ERROR_TOXIC": "content_filter",
    "ERROR": "error",
    "TIMEOUT": "error",
    "USER_CANCEL": "error",
}


def sampling(given: Json, max_tokens: int | None) -> Json:
    """The settings that v1 and v2 take under the same names, within their ranges."""
    body: Json = {}
    if "temperature" in given:
        body["temperature"] = clamped(given["temperature"], 0, 1)
    if "top_p" in given:
        body["p"] = clamped(given["top_p"], 0.01, 0.99)
    if "top_k" in given:
        body["k"] = clamped(given["top_k"], 0, _TOP_K_MAX)
    if "seed" in given:
        body["seed"] = given["seed"] % _SEEDS
    if "stop" in given:
        body["stop_sequences"] = given["stop"][:_STOPS_MAX]
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    return body | _penalty(given)


def _penalty(given: Json) -> Json:
    """From 0 to 1, and only one of the two ("cannot specify both"): the stronger."""
    names = ("frequency_penalty", "presence_penalty")
    strengths = {name: clamped(given[name], 0, 1) for name in names if given.get(name, 0) > 0}
    if not strengths:
        return {}
    strongest = max(strengths, key=lambda name: strengths[name])
    return {strongest: strengths[strongest]}


def usage_of(meta: Json | None) -> Usage | None:
    """`tokens` is what the model saw, `billed_units` what they charge; some answers have one."""
    meta = meta or {}
    for name in ("tokens", "billed_units"):
        counted = meta.get(name) or {}
        prompt = _whole(counted.get("input_tokens"))
        if prompt is not None:
            return Usage(
                prompt_tokens=prompt,
                completion_tokens=_whole(counted.get("output_tokens")) or 0,
                cached_tokens=_whole(meta.get("cached_tokens")) or 0,
            )
    return None


def _whole(value: Any) -> int | None:
    """Their schema says `number`: 12.0 is 12."""
    return figure(int(value) if isinstance(value, float) and value.is_integer() else value)


def decode_error(status: int, body: bytes) -> Failure:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    message = document.get("message") if isinstance(document, dict) else None
    return failure_of(message, status)


def failure_of(message: Any, status: int) -> Failure:
    """498 is input or output that was blocked, or a token that is not valid; 499 a request that
    was cancelled on their side."""
    text = message if isinstance(message, str) else ""
    if status == _BLOCKED:
        if "block" in text.lower():
            return failures.failure(403, text, code="moderation")
        status = 401
    return failures.failure(502 if status == _CANCELLED else status, text)
