"""Answers that come as blocks (text, calls of tools, thoughts), as OpenAI's deltas. Pure.

Anthropic's Messages and Bedrock's Converse both number the blocks of an answer, and say a block in
pieces. OpenAI numbers the calls alone, from zero.
"""

from __future__ import annotations

from typing import Any

import orjson

from routing.chunk import Chunk, Turn

# Whose thoughts they are: a signature is worth something only to those who gave it.
REASONING_FORMAT = "anthropic-claude-v1"


def words(value: Any) -> str:
    """What is counted, shown and joined must be a text."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def said(value: Any) -> Chunk | None:
    return Chunk(text) if (text := words(value)) else None


def call(index: int, call_id: Any, name: Any, arguments: str, turn: Turn) -> Chunk:
    """The beginning of a call, or with its arguments all of it."""
    calls = turn.memory.setdefault("calls", {})
    number = len(calls)
    calls[index] = [number, bool(arguments)]
    function = {"name": words(name), "arguments": arguments}
    begun = {"index": number, "id": words(call_id), "type": "function", "function": function}
    return Chunk(delta={"tool_calls": [begun]})


def whole_call(index: int, call_id: Any, name: Any, arguments: Any, turn: Turn) -> Chunk:
    return call(index, call_id, name, orjson.dumps(arguments or {}).decode(), turn)


def call_arguments(index: int, text: Any, turn: Turn) -> Chunk | None:
    begun = turn.memory["calls"][index]
    if not words(text):
        return None
    begun[1] = True
    return Chunk(delta={"tool_calls": [{"index": begun[0], "function": {"arguments": text}}]})


def stopped(index: int, turn: Turn) -> Chunk | None:
    """A call without arguments said none; to OpenAI's callers that is an empty object."""
    begun = turn.memory.get("calls", {}).get(index)
    return call_arguments(index, "{}", turn) if begun and not begun[1] else None


def thought(index: int, *, text: Any = "", signature: Any = "", data: Any = "") -> Chunk | None:
    """Their text for people, their details for the way back; nothing where a block only begins."""
    detail: dict[str, Any] = {"type": "reasoning.encrypted" if data else "reasoning.text"}
    given = {"text": words(text), "signature": words(signature), "data": words(data)}
    detail |= {name: value for name, value in given.items() if value}
    if len(detail) == 1:
        return None
    detail |= {"format": REASONING_FORMAT, "index": index}
    delta: dict[str, Any] = {"reasoning_details": [detail]}
    return Chunk(delta={"reasoning": text, **delta} if text else delta)


def joined(chunks: list[Chunk]) -> Chunk:
    """The blocks of an answer that came whole, as one delta."""
    delta: dict[str, Any] = {}
    for chunk in chunks:
        for name, value in (chunk.delta or {}).items():
            delta[name] = delta[name] + value if name in delta else value
    return Chunk("".join(chunk.text for chunk in chunks), delta or None)


def flagged(error: dict[str, Any]) -> list[Any]:
    """What moderation named, where a gateway before the provider has one."""
    metadata = error.get("metadata")
    reasons = metadata.get("reasons") if isinstance(metadata, dict) else None
    return reasons if isinstance(reasons, list) else []
