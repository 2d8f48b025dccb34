"""Cohere's second chat API (`POST /v2/chat`): messages like OpenAI's, answers in its own events.

Source: Cohere's API reference, "Chat" v2, and the types of its Python SDK. It refuses every field
it does not know, so that messages are built anew.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.chunk import Chunk, Failure, Sent, Turn
from routing.formats.cohere_shared import (
    FINISH_REASONS,
    decode_error,
    failure_of,
    sampling,
    usage_of,
)
from routing.formats.contents import named, texts
from routing.formats.translation import SILENCE, accepted, continuation, tool_call
from routing.request import ChatRequest

__all__ = ["decode", "decode_error", "encode"]

Json = dict[str, Any]

NEEDS_IMAGE_BYTES = True


def encode(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Sent:
    given = accepted(request, endpoint)
    body: Json = {"model": endpoint.upstream_model, "messages": _messages(request)}
    body |= sampling(given, max_tokens)
    if given.get("logprobs"):
        body["logprobs"] = True
    if "tools" in given:
        body |= _tools(given)
    else:
        # JSON mode and tools exclude each other.
        body |= _format(given.get("response_format") or {})
    if request.stream:
        body["stream"] = True
    path = endpoint.provider.chat_path or "/chat"
    return Sent(path, orjson.dumps(body), request.stream)


def _messages(request: ChatRequest) -> list[Json]:
    if request.messages is None:
        return [{"role": "user", "content": request.prompt or ""}]
    messages = [named(message) for message in request.messages]
    if request.prefill:
        # An assistant's turn at the end is refused.
        messages[-1] = {"role": "user", "content": continuation(texts(messages[-1]))}
    made = [turn for message in messages if (turn := _message(message))]
    if not made or made[-1]["role"] in ("assistant", "system"):
        made.append({"role": "user", "content": SILENCE})
    return made


def _message(message: Json) -> Json | None:
    """Turns without words are refused, so they are left out."""
    role, content = message["role"], message.get("content")
    if role == "tool":
        return {
            "role": role,
            "tool_call_id": message["tool_call_id"],
            "content": texts(message) or SILENCE,
        }
    if role == "assistant":
        return _spoken(message)
    if isinstance(content, list):
        parts = [_part(part) for part in content if part["type"] != "text" or part["text"]]
        return {"role": role, "content": parts} if parts else None
    return {"role": role, "content": content} if content else None


def _part(part: Json) -> Json:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    picture = part["image_url"]
    detail = {"detail": picture["detail"]} if picture.get("detail") else {}
    return {"type": "image_url", "image_url": {"url": picture["url"], **detail}}


def _spoken(message: Json) -> Json | None:
    """What an assistant says beside its calls is its plan."""
    text = texts(message)
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {
                "name": call["function"]["name"],
                "arguments": call["function"].get("arguments") or "{}",
            },
        }
        for call in message.get("tool_calls") or ()
    ]
    if calls:
        return {"role": "assistant", "tool_calls": calls} | ({"tool_plan": text} if text else {})
    return {"role": "assistant", "content": text} if text else None


def _tools(given: Json) -> Json:
    """A tool that must be called is the only one that is offered."""
    choice = given.get("tool_choice")
    functions = [tool["function"] for tool in given["tools"]]
    if isinstance(choice, dict):
        wanted = choice["function"]["name"]
        functions = [function for function in functions if function["name"] == wanted]
    body: Json = {"tools": [_tool(function) for function in functions]}
    if choice == "none":
        body["tool_choice"] = "NONE"
    elif choice not in (None, "auto"):
        body["tool_choice"] = "REQUIRED"
    return body


def _tool(function: Json) -> Json:
    made: Json = {"name": function["name"]}
    if function.get("description"):
        made["description"] = function["description"]
    made["parameters"] = function.get("parameters") or {"type": "object", "properties": {}}
    return {"type": "function", "function": made}


def _format(wanted: Json) -> Json:
    if wanted.get("type") not in ("json_object", "json_schema"):
        return {}
    schema = (wanted.get("json_schema") or {}).get("schema")
    made: Json = {"type": "json_object"}
    return {"response_format": made | ({"json_schema": schema} if schema else {})}


def decode(event: bytes, turn: Turn) -> Chunk | None:
    if event == b"[DONE]":
        turn.is_done = True
        return None
    document = orjson.loads(event)
    kind = document.get("type")
    if kind is None:
        if "finish_reason" not in document:
            # An error inside a 200.
            return Chunk(failure=failure_of(document["message"], 502))
        return _whole(document, turn)
    delta = document.get("delta") or {}
    message = delta.get("message") or {}
    if kind in ("content-start", "content-delta"):
        return _words(message["content"], _logprobs(document.get("logprobs")))
    if kind == "message-start":
        turn.upstream_id = str(document.get("id") or "")
    elif kind == "tool-plan-delta":
        return _words({"thinking": message["tool_plan"]}, None)
    elif kind in ("tool-call-start", "tool-call-delta"):
        return _call_piece(message["tool_calls"], kind == "tool-call-start", turn)
    elif kind == "message-end":
        turn.is_done = True
        turn.usage = usage_of(delta.get("usage"))
        return _finished(delta.get("finish_reason"), Chunk(), turn, delta.get("error"))
    return None


def _words(content: Json, logprobs: Json | None) -> Chunk | None:
    text, thought = content.get("text") or "", content.get("thinking") or ""
    if not (isinstance(text, str) and isinstance(thought, str)):
        raise TypeError("content is not text")
    if not (text or thought):
        return None
    return Chunk(text, delta={"reasoning": thought} if thought else None, logprobs=logprobs)


def _call_piece(call: Json, is_first: bool, turn: Turn) -> Chunk | None:
    """They come one after the other: a piece belongs to the call that began last."""
    function = call.get("function") or {}
    arguments = function.get("arguments") or ""
    if not isinstance(arguments, str):
        raise TypeError("arguments of a tool call are not text")
    number = turn.memory.get("calls", 0) - (0 if is_first else 1)
    if is_first:
        turn.memory["calls"] = number + 1
        piece = tool_call(number, str(call["id"]), str(function["name"]), arguments)
    elif number < 0:
        raise KeyError("tool-call-start")
    elif arguments:
        piece = tool_call(number, None, None, arguments)
    else:
        return None
    return Chunk(delta={"tool_calls": [piece]})


def _whole(document: Json, turn: Turn) -> Chunk:
    turn.upstream_id = str(document.get("id") or "")
    turn.usage = usage_of(document.get("usage"))
    message = document["message"]
    content = message.get("content") or []
    text = "".join(part["text"] for part in content if part.get("type") == "text")
    thought = "".join(part["thinking"] for part in content if part.get("type") == "thinking")
    thought += message.get("tool_plan") or ""
    delta: Json = {"reasoning": thought} if thought else {}
    if calls := message.get("tool_calls"):
        turn.memory["calls"] = len(calls)
        delta["tool_calls"] = [
            tool_call(
                number,
                str(call["id"]),
                str(call["function"]["name"]),
                str(call["function"].get("arguments") or ""),
            )
            for number, call in enumerate(calls)
        ]
    chunk = Chunk(text, delta=delta or None, logprobs=_all_logprobs(document.get("logprobs")))
    return _finished(document["finish_reason"], chunk, turn, None)


def _finished(native: Any, chunk: Chunk, turn: Turn, error: Any) -> Chunk:
    native = str(native or "COMPLETE")
    reason = FINISH_REASONS.get(native, "stop")
    if reason == "error":
        return Chunk(failure=Failure(502, str(error or f"the model broke off: {native}")))
    turn.native_finish_reason = chunk.native_finish_reason = native
    chunk.finish_reason = "tool_calls" if reason == "stop" and turn.memory.get("calls") else reason
    return chunk


def _logprobs(item: Json | None) -> Json | None:
    """A piece of text and the logarithms of its tokens, whose texts it does not tell."""
    return {"content": [_logprob(item)]} if item and item.get("logprobs") else None


def _all_logprobs(items: list[Json] | None) -> Json | None:
    found = [_logprob(item) for item in items or () if item.get("logprobs")]
    return {"content": found} if found else None


def _logprob(item: Json) -> Json:
    token = str(item.get("text") or "")
    logprob = sum(map(float, item["logprobs"]))
    return {"token": token, "logprob": logprob, "bytes": list(token.encode()), "top_logprobs": []}
