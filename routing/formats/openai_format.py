"""OpenAI's format of requests and answers, for all the dialects that use it.

What differs between providers is data: which parameters they take and under which name, where their
usage is, how they end a stream. Source: OpenAI API reference and catalog/data/providers_2024.json.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Turn, Usage
from routing.formats import openai_quirks
from routing.formats.contents import figure, named, texts
from routing.formats.logprobs import as_content
from routing.request import ChatRequest

_DONE = b"[DONE]"

_NOT_OPENAI = frozenset(("reasoning", "reasoning_details", "cache_control"))

# What may stand beside the text of a message, and our name for it.
_BESIDE = {
    key: key
    for key in (
        "tool_calls", "function_call", "refusal", "reasoning", "reasoning_details", "annotations",
        "audio", "images",
    )
} | {"reasoning_content": "reasoning"}  # fmt: skip

# Where the words of an error stand.
_WORDS_KEYS = ("message", "msg", "detail", "error", "faultstring")
_ERROR_DEPTH_MAX, _ERRORS_SHOWN = 4, 5

# What providers say, in the five words of today's API; whatever else they say means "stop".
FINISH_REASONS = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "content_filter": "content_filter",
    "error": "error",
    "insufficient_system_resource": "error",
}


def parameters(request: ChatRequest, endpoint: Endpoint) -> dict[str, Any]:
    """Those the endpoint supports, under the provider's names; the others are left out (seed)."""
    renames = endpoint.provider.parameter_renames
    supported = endpoint.supported_parameters
    unsupported = endpoint.provider.unsupported_parameters
    found = {
        renames.get(name, name): value
        for name, value in request.parameters.items()
        if name != "max_tokens"
        and name not in unsupported
        and (name in supported or name == "parallel_tool_calls" and "tools" in supported)
    }
    quirks = endpoint.provider.quirks
    return openai_quirks.parameters(found, quirks) if quirks else found


def messages(request: ChatRequest, endpoint: Endpoint) -> list[dict[str, Any]]:
    """OpenAI understands `name`; for other models it becomes part of the text (seed)."""
    given = request.messages or ()
    if endpoint.model_id.startswith("openai/"):
        found = [_known(message) for message in given]
    else:
        found = [named(_known(message)) for message in given]
    quirks = endpoint.provider.quirks
    if quirks:
        return openai_quirks.messages(found, quirks, prefill=request.prefill)
    return found


def _known(message: dict[str, Any]) -> dict[str, Any]:
    """Without what is not OpenAI's, and what strict providers would refuse: reasoning that a client
    sends back as it got it, and marks of Anthropic's cache."""
    content = message.get("content")
    if len(message) == 2 and type(content) is str:
        return message  # nearly every one
    known = {key: value for key, value in message.items() if key not in _NOT_OPENAI}
    if message["role"] != "user" and isinstance(content, list):
        known["content"] = texts(message)
    elif isinstance(content, list):
        known["content"] = [
            {key: value for key, value in part.items() if key not in _NOT_OPENAI}
            for part in content
        ]
    return known


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """One event of a stream, or the whole body of an answer; None when it says nothing.

    Raises ValueError when it is not JSON, KeyError, TypeError, IndexError or AttributeError when it
    is not an answer: the provider sent rubbish.
    """
    if event == _DONE:
        turn.is_done = True
        return None
    document = orjson.loads(event)
    if document.get("error") or document.get("object") == "error":
        return Chunk(failure=_failure_of(document.get("error") or document, 502))
    if not turn.upstream_id:
        turn.upstream_id = str(document.get("id") or "")
        fingerprint = document.get("system_fingerprint")
        turn.system_fingerprint = fingerprint if isinstance(fingerprint, str) else None
    usage = document.get("usage") or (document.get("x_groq") or {}).get("usage")
    if usage:
        turn.usage = _usage(usage) or turn.usage
    choices = document.get("choices")
    if not choices:
        if choices is None and not usage:
            raise KeyError("choices")
        return None
    return _chunk(choices[0], turn)


def _chunk(choice: dict[str, Any], turn: Turn) -> Chunk | None:
    said = choice.get("delta")
    if said is None:
        # Perplexity has both: the message is all that was said so far.
        said = choice.get("message")
    text = (said.get("content") if said else choice.get("text")) or ""
    if not isinstance(text, str):
        raise TypeError("content is not text")
    native = choice.get("finish_reason")
    delta = _beside_text(said) if said and (len(said) > 1 or "content" not in said) else None
    logprobs = choice.get("logprobs")
    if native is None and delta is None and logprobs is None:
        # Nearly every chunk. Without words it is the role alone, or a keep-alive.
        return Chunk(text) if text else None
    if logprobs is not None and said:
        logprobs = as_content(logprobs)
    if native:
        if not isinstance(native, str):
            raise TypeError("a finish reason that is no word")
        turn.native_finish_reason = native
    elif not (text or delta):
        return None
    return Chunk(
        text=text,
        delta=delta,
        finish_reason=FINISH_REASONS.get(native, "stop") if native else None,
        native_finish_reason=native,
        logprobs=logprobs,
    )


def _beside_text(said: dict[str, Any]) -> dict[str, Any] | None:
    """tool_calls, reasoning and the like; nulls and what only this provider says are left out."""
    beside = {_BESIDE[key]: value for key, value in said.items() if value and key in _BESIDE}
    if calls := beside.get("tool_calls"):
        # Some providers number only what they send in pieces; clients put pieces together by it.
        beside["tool_calls"] = [_numbered(index, call) for index, call in enumerate(calls)]
    return beside or None


def _numbered(index: int, call: dict[str, Any]) -> dict[str, Any]:
    """Its words are counted at the end, so they must be words."""
    function = call.get("function") or {}
    for name in ("name", "arguments"):
        if not isinstance(function.get(name) or "", str):
            raise TypeError(f"{name} of a tool call is not text")
    return {"index": index, **call}


def _usage(usage: dict[str, Any]) -> Usage | None:
    """The provider's figures; explicit zeros are figures too (design/money.md)."""
    prompt = figure(usage.get("prompt_tokens"))
    completion = figure(usage.get("completion_tokens"))
    if prompt is None or completion is None:
        return None  # then we count
    said = usage.get("completion_tokens_details") or {}
    read = usage.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        reasoning_tokens=figure(said.get("reasoning_tokens")) or 0,
        cached_tokens=figure(read.get("cached_tokens")) or 0,
    )


def decode_error(status: int, body: bytes) -> Failure:
    """The answer of a provider that refused: its words, and whether another could do better."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failure(status, "", permanent=False)
    if isinstance(document, dict):
        # Fireworks' gateway has a fault, FastAPI has details, most have an error.
        return _failure_of(document.get("error") or document.get("fault") or document, status)
    return _failure_of(document, status)


def _status_said(error: dict[str, Any]) -> int:
    """The status inside an error that came with 200 or 502: a number, or a numeral as text."""
    for name in ("code", "status", "status_code"):
        text = str(error.get(name))
        if len(text) == 3 and text.isdecimal() and 400 <= int(text) < 600:
            return int(text)
    return 502


def _failure_of(error: Any, status: int) -> Failure:
    code: Any = ""
    reasons: list[Any] = []
    if isinstance(error, dict):
        if status == 502:
            status = _status_said(error)
        code = error.get("code") or error.get("type")
        reasons = _flagged(error)
    return failures.failure(status, _words(error), code=code, reasons=reasons)


def _words(error: Any, depth: int = 0) -> str:
    """What an error says for people, wherever its provider puts that. Never what was sent: some
    repeat it beside."""
    if isinstance(error, str):
        return error
    if depth > _ERROR_DEPTH_MAX:
        return ""
    if isinstance(error, list):
        return "; ".join(_words(item, depth + 1) for item in error[:_ERRORS_SHOWN])
    if not isinstance(error, dict):
        return "" if error is None else str(error)
    said = next((words for key in _WORDS_KEYS if (words := _words(error.get(key), depth + 1))), "")
    place = error.get("loc")
    return f"{place[-1]}: {said}" if isinstance(place, list) and place and said else said


def _flagged(error: dict[str, Any]) -> list[Any]:
    """What moderation named: a list of reasons, or Azure's table of filters."""
    metadata = error.get("metadata")
    named = metadata.get("reasons") if isinstance(metadata, dict) else error.get("reasons")
    if isinstance(named, list):
        return named
    inner = error.get("innererror")
    filters = inner.get("content_filter_result") if isinstance(inner, dict) else None
    if not isinstance(filters, dict):
        return []
    return [
        name for name, found in filters.items() if isinstance(found, dict) and found.get("filtered")
    ]
