"""Reads a request of Cohere's second chat API: body -> Ask, or a refusal that Cohere would give."""

from __future__ import annotations

from typing import Any

from simulator.ask import Ask
from simulator.cohere_shared import check_names, check_settings, invalid
from simulator.errors import Refused

Json = dict[str, Any]

_TAKES = """
model messages stream tools strict_tools documents citation_options response_format safety_mode
max_tokens stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs
tool_choice thinking priority return_prompt
"""
_FIELDS = frozenset(_TAKES.split())
_MESSAGE_FIELDS = {
    "user": frozenset(("role", "content")),
    "system": frozenset(("role", "content")),
    "assistant": frozenset(("role", "content", "tool_calls", "tool_plan", "citations")),
    "tool": frozenset(("role", "content", "tool_call_id")),
}
_PART_FIELDS = {
    "text": frozenset(("type", "text")),
    "image_url": frozenset(("type", "image_url")),
    "thinking": frozenset(("type", "thinking")),
    "document": frozenset(("type", "document")),
}
_FUNCTION_FIELDS = frozenset(("name", "description", "parameters"))


def parse(body: Json) -> Ask:
    check_names(body, _FIELDS)
    check_settings(body)
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise invalid("model is required.")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("must provide either at least one message.")
    _check_messages(messages)
    tools = [_tool(tool) for tool in body.get("tools") or ()]
    choice = body.get("tool_choice")
    if choice not in (None, "REQUIRED", "NONE"):
        raise invalid("tool_choice must be one of REQUIRED, NONE.")
    if choice is not None and not tools:
        raise invalid("tool_choice requires tools to be specified.")
    if body.get("response_format") and tools:
        raise invalid("response_format is not supported with tools.")
    return Ask(
        model=body["model"],
        messages=messages,
        stream=body.get("stream") is True,
        seed=body.get("seed"),
        stop=tuple(body.get("stop_sequences") or ()),
        tokens_max=body.get("max_tokens") or None,
        tools=() if choice == "NONE" else tools,
        schema=_schema(body.get("response_format")),
        logprobs=body.get("logprobs") is True,
    )


def _check_messages(messages: list[Any]) -> None:
    open_calls: set[str] = set()
    for place, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in _MESSAGE_FIELDS:
            raise invalid(f"invalid role at index {place}: must be user, assistant, system or tool")
        check_names(message, _MESSAGE_FIELDS[role], f"messages[{place}].")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise invalid("tool call id not found in previous tool calls.")
        elif message.get("tool_calls"):
            open_calls = {_call_id(call) for call in message["tool_calls"]}
        if not message.get("tool_calls"):
            _check_content(message.get("content"), place)
    if messages[-1]["role"] not in ("user", "tool"):
        raise invalid("the last message must be a user or tool message.")


def _call_id(call: Any) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
        raise invalid("tool calls must have a function with arguments as a string.")
    return str(call.get("id"))


def _check_content(content: Any, place: int) -> None:
    if not content:
        raise Refused(400, "message must not be empty in a turn")
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PART_FIELDS:
            raise invalid(f"unknown content type at index {place}")
        check_names(part, _PART_FIELDS[kind], f"messages[{place}].content.")
        if kind == "image_url":
            url = (part["image_url"] or {}).get("url")
            if not isinstance(url, str) or not url.startswith(("data:image/", "https://")):
                raise invalid("image_url must be a base64 data URI or a web URL.")
        elif kind == "text" and not part.get("text"):
            raise Refused(400, "message must not be empty in a turn")


def _tool(tool: Any) -> Json:
    if not isinstance(tool, dict) or not isinstance(tool.get("function"), dict):
        raise invalid("each tool must have a function.")
    check_names(tool, frozenset(("type", "function")), "tools.")
    function: Json = tool["function"]
    check_names(function, _FUNCTION_FIELDS, "tools.function.")
    if not isinstance(function.get("name"), str):
        raise invalid("each tool must have a name.")
    if not isinstance(function.get("parameters"), dict):
        raise invalid("each tool must have parameters.")
    return function


def _schema(wanted: Any) -> Json | None:
    if not isinstance(wanted, dict) or wanted.get("type") != "json_object":
        return None
    check_names(wanted, frozenset(("type", "json_schema", "schema")), "response_format.")
    schema = wanted.get("json_schema")
    return schema if isinstance(schema, dict) else {}
