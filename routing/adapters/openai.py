"""The OpenAI dialect: chat completions and legacy completions, as seventeen providers speak it.

What differs between them is data: which parameters they take and under which name, where their
usage is, how they end a stream. Source: OpenAI API reference and catalog/data/providers_2024.json.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn, Usage
from routing.contents import figure, named, texts
from routing.request import ChatRequest

_DONE = b"[DONE]"

# What providers say, in the five words of today's API; whatever else they say means "stop".
_FINISH_REASONS = {
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


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """A new request for this endpoint. `max_tokens` is what the hold covers; None: no bound."""
    provider = endpoint.provider
    body: dict[str, Any] = {"model": endpoint.upstream_model}
    path = provider.chat_path
    if request.messages is not None and path is not None:
        body["messages"] = _messages(request.messages, endpoint)
    elif provider.completions_path is not None:
        body["prompt"] = _prompt(request)
        path = provider.completions_path
    else:
        body["messages"] = [{"role": "user", "content": request.prompt or ""}]
    body |= _parameters(request, endpoint)
    if max_tokens is not None:
        body[provider.parameter_renames.get("max_tokens", "max_tokens")] = max_tokens
    if request.stream:
        body["stream"] = True
        if provider.takes_stream_options:
            # Usage is always asked for: without it we could only count (style.md, D).
            body["stream_options"] = {"include_usage": True}
    return Sent(path or "/chat/completions", orjson.dumps(body), request.stream)


def _parameters(request: ChatRequest, endpoint: Endpoint) -> dict[str, Any]:
    """Those the endpoint supports, under the provider's names; the others are left out (seed)."""
    renames = endpoint.provider.parameter_renames
    supported = endpoint.supported_parameters
    unsupported = endpoint.provider.unsupported_parameters
    return {
        renames.get(name, name): value
        for name, value in request.parameters.items()
        if name != "max_tokens"
        and name not in unsupported
        and (name in supported or name == "parallel_tool_calls" and "tools" in supported)
    }


def _messages(messages: tuple[dict[str, Any], ...], endpoint: Endpoint) -> list[dict[str, Any]]:
    """OpenAI understands `name`; for other models it becomes part of the text (seed)."""
    if endpoint.model_id.startswith("openai/"):
        return list(messages)
    return [named(message) for message in messages]


def _prompt(request: ChatRequest) -> str:
    """The caller's own prompt, or the plain texts of messages for a model that only completes."""
    if request.prompt is not None:
        return request.prompt
    return "\n\n".join(texts(message) for message in request.messages or ())


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """One event of a stream, or the whole body of an answer; None when it says nothing.

    Raises ValueError when it is not JSON, KeyError, TypeError, IndexError or AttributeError when it
    is not an answer: the provider sent rubbish.
    """
    if event == _DONE:
        turn.is_done = True
        return None
    document = orjson.loads(event)
    if document.get("error"):
        return Chunk(failure=_failure_of(document["error"], 502))
    if not turn.upstream_id:
        turn.upstream_id = str(document.get("id") or "")
        turn.system_fingerprint = document.get("system_fingerprint")
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
    said = choice.get("delta") or choice.get("message")
    text = (said.get("content") if said else choice.get("text")) or ""
    if not isinstance(text, str):
        raise TypeError("content is not text")
    native = choice.get("finish_reason")
    delta = _beside_text(said) if said and (len(said) > 1 or "content" not in said) else None
    logprobs = choice.get("logprobs")
    if native is None and delta is None and logprobs is None:
        # Nearly every chunk. Without words it is the role alone, or a keep-alive.
        return Chunk(text) if text else None
    if native:
        turn.native_finish_reason = native
    elif not (text or delta):
        return None
    return Chunk(
        text=text,
        delta=delta,
        finish_reason=_FINISH_REASONS.get(native, "stop") if native else None,
        native_finish_reason=native,
        logprobs=logprobs,
    )


def _beside_text(said: dict[str, Any]) -> dict[str, Any] | None:
    """tool_calls, reasoning and the like; nulls and what we say ourselves are left out."""
    beside = {key: value for key, value in said.items() if value and key not in ("role", "content")}
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
    if prompt is None:
        return None
    said = usage.get("completion_tokens_details") or {}
    read = usage.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=figure(usage.get("completion_tokens")) or 0,
        reasoning_tokens=figure(said.get("reasoning_tokens")) or 0,
        cached_tokens=figure(read.get("cached_tokens")) or 0,
    )


def decode_error(status: int, body: bytes) -> Failure:
    """The answer of a provider that refused: its words, and whether another could do better."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failure(status, "", permanent=False)
    error = document.get("error") or document if isinstance(document, dict) else document
    return _failure_of(error, status)


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
        message = error.get("message") or error.get("detail") or ""
        code = error.get("code") or error.get("type")
        reasons = _flagged(error)
    else:
        message = error
    message = message if isinstance(message, str) else orjson.dumps(message).decode()
    return failures.failure(status, message, code=code, reasons=reasons)


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
