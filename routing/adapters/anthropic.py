"""The Anthropic dialect: Messages, and the older Text Completions of Claude 2 and Instant.

Source: Anthropic API reference (Messages, streaming, errors; Text Completions, legacy).
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Chunk, Failure, Sent, Turn, Usage
from routing.formats import anthropic_messages, content_blocks
from routing.formats.contents import figure
from routing.request import ChatRequest

Document = dict[str, Any]

# The API demands a limit; this one every model of theirs takes.
_MAX_TOKENS = 4096
_OF_TEXT_COMPLETIONS = ("claude-1", "claude-2", "claude-v1", "claude-instant")
_HUMAN, _ASSISTANT = "\n\nHuman:", "\n\nAssistant:"

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
# Said as if the request were at fault.
_OF_OUR_ACCOUNT = ("credit balance", "usage limits")
# What an error that comes within a 200 would have had as its status.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    """A new request for this endpoint. `max_tokens` is what the hold covers."""
    provider, model = endpoint.provider, endpoint.upstream_model
    given = _supported(request, endpoint)
    limit = max_tokens or endpoint.max_completion_tokens or _MAX_TOKENS
    body: Document = {"model": model}
    if (
        request.prompt is not None
        and provider.completions_path is not None
        and model.startswith(_OF_TEXT_COMPLETIONS)
    ):
        path = provider.completions_path
        body |= {"prompt": _dialogue(request.prompt), "max_tokens_to_sample": limit}
    else:
        path = provider.chat_path or "/messages"
        messages = request.messages or ({"role": "user", "content": request.prompt or ""},)
        body |= {"max_tokens": limit, **_conversation(messages, given)}
    body |= _sampling(given)
    if request.stream:
        body["stream"] = True
    return Sent(path, orjson.dumps(body), request.stream)


def _supported(request: ChatRequest, endpoint: Endpoint) -> Document:
    """Those the endpoint supports, still under OpenAI's names; the others are left out (seed)."""
    supported, unsupported = endpoint.supported_parameters, endpoint.provider.unsupported_parameters
    return {
        name: value
        for name, value in request.parameters.items()
        if name not in unsupported
        and (name in supported or name == "parallel_tool_calls" and "tools" in supported)
    }


def _sampling(given: Document) -> Document:
    names = ("temperature", "top_p", "top_k")
    found: Document = {name: given[name] for name in names if name in given}
    if "temperature" in found:
        found["temperature"] = min(found["temperature"], 1)
    # Blank ones are refused.
    if stops := [stop for stop in given.get("stop") or () if stop.strip()]:
        found["stop_sequences"] = stops
    return found


def _conversation(messages: tuple[Document, ...], given: Document) -> Document:
    system, turns = anthropic_messages.conversation(messages)
    found: Document = {"messages": turns}
    if any("cache_control" in block for block in system):
        found["system"] = system
    elif system:
        found["system"] = "\n\n".join(block["text"] for block in system)
    return found | anthropic_messages.tools(given, turns)


def _dialogue(prompt: str) -> str:
    """A raw prompt, within the two turns that the API demands; what stands before is a system
    prompt."""
    if _HUMAN not in prompt:
        prompt = f"{_HUMAN} {prompt}"
    if prompt.rfind(_ASSISTANT) < prompt.rfind(_HUMAN):
        prompt += _ASSISTANT
    return prompt.rstrip()


def decode(event: bytes, turn: Turn) -> Chunk | None:
    """One event of a stream, or the whole body of an answer; None when it says nothing.

    Raises ValueError when it is not JSON, KeyError, TypeError, IndexError or AttributeError when it
    is not an answer.
    """
    document = orjson.loads(event)
    kind = document["type"]
    if kind == "content_block_delta":
        return _block_delta(document["delta"], document["index"], turn)
    if kind == "content_block_start":
        return _block(document["content_block"], document["index"], turn, is_whole=False)
    if kind == "content_block_stop":
        return content_blocks.stopped(document["index"], turn)
    if kind == "message_start":
        turn.upstream_id = str(document["message"].get("id") or "")
        _count(document["message"], turn)
        # Of the answer it knows nothing yet, and says 1.
        turn.memory["usage"].pop("output_tokens", None)
    elif kind == "message_delta":
        _count(document, turn)
        return _finished(Chunk(), document["delta"].get("stop_reason"), turn)
    elif kind == "message_stop":
        turn.is_done = True
    elif kind == "error":
        return Chunk(failure=_failure_of(document["error"], 0))
    elif kind == "message":
        return _message(document, turn)
    elif kind == "completion":
        # A whole answer of Text Completions, or a piece of one: both look the same.
        turn.upstream_id = str(document.get("id") or "")
        text = content_blocks.words(document["completion"])
        return _finished(Chunk(text), document.get("stop_reason"), turn)
    # Whatever else there is, a ping above all, says nothing.
    return None


def _message(document: Document, turn: Turn) -> Chunk | None:
    turn.upstream_id = str(document.get("id") or "")
    _count(document, turn)
    blocks = enumerate(document["content"])
    chunks = [_block(block, index, turn, is_whole=True) for index, block in blocks]
    whole = content_blocks.joined([chunk for chunk in chunks if chunk is not None])
    return _finished(whole, document.get("stop_reason") or "end_turn", turn)


def _finished(chunk: Chunk, native: str | None, turn: Turn) -> Chunk | None:
    """The chunk with the reason why the answer ends here, if it does. The figures are whole then,
    and not before: of an answer that breaks off we count what was said."""
    if native is None:
        return chunk if chunk.text else None
    turn.native_finish_reason = chunk.native_finish_reason = content_blocks.words(native)
    chunk.finish_reason = _FINISH_REASONS.get(native, "stop")
    turn.usage = _usage(turn.memory.get("usage") or {})
    return chunk


def _block(block: Document, index: int, turn: Turn, *, is_whole: bool) -> Chunk | None:
    """A block, or its beginning: then its words and arguments come in deltas."""
    kind = block["type"]
    if kind == "text":
        return content_blocks.said(block["text"])
    if kind == "thinking":
        text, signature = block.get("thinking") or "", block.get("signature") or ""
        return content_blocks.thought(index, text=text, signature=signature)
    if kind == "redacted_thinking":
        return content_blocks.thought(index, data=block["data"])
    if kind != "tool_use":
        return None
    if is_whole or block.get("input"):
        return content_blocks.whole_call(index, block["id"], block["name"], block["input"], turn)
    return content_blocks.call(index, block["id"], block["name"], "", turn)


def _block_delta(delta: Document, index: int, turn: Turn) -> Chunk | None:
    kind = delta["type"]
    if kind == "text_delta":
        return content_blocks.said(delta["text"])
    if kind == "input_json_delta":
        return content_blocks.call_arguments(index, delta["partial_json"], turn)
    if kind == "thinking_delta":
        return content_blocks.thought(index, text=delta["thinking"])
    if kind == "signature_delta":
        return content_blocks.thought(index, signature=delta["signature"])
    return None


def _count(document: Document, turn: Turn) -> None:
    """Keep the figures: a stream tells some at its start, and at its end them all or the rest."""
    usage = document.get("usage") or {}
    details = usage.get("output_tokens_details") or {}
    kept = turn.memory.setdefault("usage", {})
    for name, value in (*usage.items(), *details.items()):
        if (number := figure(value)) is not None:
            kept[name] = number


def _usage(figures: dict[str, int]) -> Usage | None:
    """Their `input_tokens` are those that were neither read from the cache nor written to it."""
    if "input_tokens" not in figures or "output_tokens" not in figures:
        return None
    cached = figures.get("cache_read_input_tokens", 0)
    written = figures.get("cache_creation_input_tokens", 0)
    return Usage(
        prompt_tokens=figures["input_tokens"] + cached + written,
        completion_tokens=figures["output_tokens"],
        reasoning_tokens=figures.get("thinking_tokens", 0),
        cached_tokens=cached,
    )


def decode_error(status: int, body: bytes) -> Failure:
    """The answer of a provider that refused: its words, and whether another could do better."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failure(status, "", permanent=False)
    error = document.get("error") or document if isinstance(document, dict) else {}
    return _failure_of(error, status)


def _failure_of(error: Any, status: int) -> Failure:
    """`status` is 0 for an error that came within a 200."""
    if not isinstance(error, dict):
        error = {"message": error}
    code, message = str(error.get("type") or ""), error.get("message") or ""
    message = message if isinstance(message, str) else orjson.dumps(message).decode()
    status = status or _STATUSES.get(code, 502)
    if status == 400 and any(words in message.lower() for words in _OF_OUR_ACCOUNT):
        status = 402
    if "content filtering policy" in message.lower():
        code = "content_filter"
    return failures.failure(status, message, code=code, reasons=content_blocks.flagged(error))
