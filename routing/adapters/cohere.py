"""Cohere's first chat API (`POST /v1/chat`): one JSON document a line when streaming.

Source: Cohere's API reference, "Chat" v1, and the types of its Python SDK. Pictures are unknown to
it and left out.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.chunk import Chunk, Failure, Sent, Turn
from routing.formats import cohere_chat
from routing.formats.cohere_shared import FINISH_REASONS, decode_error, failure_of, usage_of
from routing.formats.translation import call_id, tool_call
from routing.request import ChatRequest

TAKES_IMAGES = False
__all__ = ["decode", "decode_error", "encode"]

Json = dict[str, Any]


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    body = cohere_chat.body_of(request, endpoint, max_tokens)
    path = endpoint.provider.chat_path or "/chat"
    return Sent(path, orjson.dumps(body), request.stream, framing="lines")


def decode(event: bytes, turn: Turn) -> Chunk | None:
    document = orjson.loads(event)
    kind = document.get("event_type")
    if kind is None:
        if "text" not in document:
            # An error inside a 200.
            return Chunk(failure=failure_of(document["message"], 502))
        return _whole(document, event, turn)
    if kind == "text-generation":
        text = document["text"]
        if not isinstance(text, str):
            raise TypeError("text is not text")
        return Chunk(text) if text else None
    if kind == "stream-start":
        turn.upstream_id = str(document.get("generation_id") or "")
    elif kind == "tool-calls-chunk":
        return _call_piece(document, turn)
    elif kind == "tool-calls-generation":
        return _calls(document["tool_calls"], event, turn)
    elif kind == "stream-end":
        return _end(document, event, turn)
    return None


def _call_piece(document: Json, turn: Turn) -> Chunk | None:
    """A tool call in pieces: its name, then its parameters as JSON text; before it, the plan."""
    piece = document.get("tool_call_delta") or {}
    plan = document.get("text") or piece.get("text")
    if plan:
        return Chunk(delta={"reasoning": str(plan)})
    number = int(piece.get("index") or 0)
    seen = turn.memory.setdefault("streamed", set())
    name, parameters = piece.get("name"), piece.get("parameters") or ""
    if not isinstance(parameters, str):
        raise TypeError("parameters of a tool call are not text")
    identity = None
    if number not in seen:
        if not name:
            raise KeyError("name")
        seen.add(number)
        turn.memory["calls"] = len(seen)
        # The answer's own id makes it another for each answer.
        identity = call_id(turn.upstream_id.encode(), number)
    elif not parameters:
        return None
    return Chunk(delta={"tool_calls": [tool_call(number, identity, name, parameters)]})


def _calls(calls: list[Json] | None, event: bytes, turn: Turn) -> Chunk | None:
    """All calls at once, unless they were said already."""
    if not calls or turn.memory.get("calls"):
        return None
    turn.memory["calls"] = len(calls)
    return Chunk(
        delta={
            "tool_calls": [
                tool_call(
                    number,
                    call_id(event, number),
                    str(call["name"]),
                    orjson.dumps(call.get("parameters") or {}).decode(),
                )
                for number, call in enumerate(calls)
            ]
        }
    )


def _end(document: Json, event: bytes, turn: Turn) -> Chunk:
    response = document.get("response") or {}
    turn.is_done = True
    turn.usage = usage_of(response.get("meta"))
    called = _calls(response.get("tool_calls"), event, turn)
    return _finished(document.get("finish_reason"), called or Chunk(), turn)


def _whole(document: Json, event: bytes, turn: Turn) -> Chunk:
    turn.upstream_id = str(document.get("response_id") or document.get("generation_id") or "")
    turn.usage = usage_of(document.get("meta"))
    chunk = _calls(document.get("tool_calls"), event, turn)
    text = document["text"] or ""
    if not isinstance(text, str):
        raise TypeError("text is not text")
    if chunk is None:
        chunk = Chunk(text)
    elif text and chunk.delta is not None:
        # What it says beside calls is its plan.
        chunk.delta["reasoning"] = text
    return _finished(document.get("finish_reason"), chunk, turn)


def _finished(native: Any, chunk: Chunk, turn: Turn) -> Chunk:
    native = str(native or "COMPLETE")
    reason = FINISH_REASONS.get(native, "stop")
    if reason == "error":
        return Chunk(failure=Failure(502, f"the model broke off: {native}"))
    turn.native_finish_reason = chunk.native_finish_reason = native
    chunk.finish_reason = "tool_calls" if reason == "stop" and turn.memory.get("calls") else reason
    return chunk
