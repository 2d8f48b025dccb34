"""Reads a request of Cohere's first chat API: body -> Ask, or a refusal that Cohere would give."""

from __future__ import annotations

import re
from typing import Any

import orjson

from simulator.ask import Ask
from simulator.cohere_shared import check_names, check_settings, invalid
from simulator.errors import Refused

Json = dict[str, Any]

_TAKES = """
message model stream preamble chat_history conversation_id prompt_truncation connectors
search_queries_only documents citation_quality temperature max_tokens max_input_tokens k p seed
stop_sequences frequency_penalty presence_penalty raw_prompting tools tool_results
force_single_step response_format safety_mode return_prompt
"""
_FIELDS = frozenset(_TAKES.split())
_TOOL_FIELDS = frozenset(("name", "description", "parameter_definitions"))
_DEFINITION_FIELDS = frozenset(("type", "description", "required"))
_ROLES = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Types are Python's; what a list holds stands in brackets.
_TYPES = {
    "str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number",
    "number": "number", "bool": "boolean", "boolean": "boolean", "dict": "object",
    "object": "object", "list": "array", "array": "array",
}  # fmt: skip


def parse(body: Json) -> Ask:
    check_names(body, _FIELDS)
    check_settings(body)
    history = body.get("chat_history") or []
    messages = _history(history)
    if preamble := body.get("preamble"):
        messages.insert(0, {"role": "system", "content": preamble})
    messages.append(_last(body, history))
    tools = _tools(body.get("tools") or [])
    if body.get("response_format") and tools:
        raise invalid("response_format is not supported with tools.")
    return Ask(
        model=str(body.get("model") or "command-r-plus"),
        messages=messages,
        stream=body.get("stream") is True,
        seed=body.get("seed"),
        stop=tuple(body.get("stop_sequences") or ()),
        tokens_max=body.get("max_tokens") or None,
        tools=tools,
        schema=_schema(body.get("response_format")),
    )


def _history(history: Any) -> list[Json]:
    if not isinstance(history, list):
        raise Refused(422, "invalid type: parameter chat_history is not a list")
    messages = []
    for place, turn in enumerate(history):
        role = turn.get("role") if isinstance(turn, dict) else None
        if not isinstance(role, str) or role.upper() not in _ROLES:
            raise invalid(
                f"Invalid role in chat_history at index {place}. Role must be one of the following:"
                " User, Chatbot, System, Tool"
            )
        check_names(turn, frozenset(("role", "message", "tool_calls", "tool_results")))
        if role.upper() == "TOOL":
            messages.append(_results(turn.get("tool_results")))
            continue
        if not turn.get("message") and not turn.get("tool_calls"):
            raise invalid("all elements in history must have a message.")
        message: Json = {"role": _ROLES[role.upper()], "content": turn.get("message") or ""}
        if turn.get("tool_calls"):
            message["tool_calls"] = turn["tool_calls"]
        messages.append(message)
    return messages


def _results(results: Any) -> Json:
    if not isinstance(results, list) or not results:
        raise invalid("tool results must be specified.")
    for result in results:
        call = result.get("call") if isinstance(result, dict) else None
        outputs = result.get("outputs") if isinstance(result, dict) else None
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise invalid("tool result must have a call with a name.")
        if not isinstance(outputs, list) or not all(isinstance(each, dict) for each in outputs):
            raise invalid("tool result outputs must be a list of objects.")
    text = orjson.dumps([result["outputs"] for result in results]).decode()
    return {"role": "tool", "content": text}


def _last(body: Json, history: list[Json]) -> Json:
    message, results = body.get("message"), body.get("tool_results")
    if message is not None and not isinstance(message, str):
        raise Refused(422, f"invalid type: parameter message is of type {type(message).__name__}")
    if not message and not results:
        raise invalid("message must be at least 1 token long or tool results must be specified.")
    if results:
        if message and body.get("force_single_step") is not True:
            raise invalid("cannot specify both message and tool_results in multistep mode")
        if not body.get("tools"):
            raise invalid("tools must be specified when tool_results are.")
        return _results(results)
    if history and str(history[-1].get("role")).upper() == "TOOL":
        raise invalid(
            "cannot specify message if the last entry in chat history contains tool results"
        )
    return {"role": "user", "content": message}


def _tools(tools: Any) -> list[Json]:
    """As JSON Schema, for whoever thinks up the arguments."""
    if not isinstance(tools, list):
        raise Refused(422, "invalid type: parameter tools is not a list")
    return [_tool(tool) for tool in tools]


def _tool(tool: Any) -> Json:
    if not isinstance(tool, dict):
        raise Refused(422, "invalid type: a tool is not an object")
    check_names(tool, _TOOL_FIELDS, "tools.")
    if not isinstance(tool.get("name"), str) or not _NAME.fullmatch(tool["name"]):
        raise invalid("tool names can only contain certain characters (A-Za-z0-9_)")
    if not isinstance(tool.get("description"), str):
        raise invalid("all tools must have a description.")
    properties: Json = {}
    required = []
    for name, definition in (tool.get("parameter_definitions") or {}).items():
        check_names(definition, _DEFINITION_FIELDS, f"tools.parameter_definitions.{name}.")
        kind = _TYPES.get(str(definition.get("type")).partition("[")[0].lower())
        if kind is None:
            raise invalid(f"tool parameter {name} has an unknown type.")
        properties[name] = {"type": kind}
        if definition.get("required") is True:
            required.append(name)
    parameters: Json = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = required
    return {"name": tool["name"], "description": tool["description"], "parameters": parameters}


def _schema(wanted: Any) -> Json | None:
    if not isinstance(wanted, dict) or wanted.get("type") != "json_object":
        return None
    check_names(wanted, frozenset(("type", "schema", "json_schema")), "response_format.")
    schema = wanted.get("schema")
    return schema if isinstance(schema, dict) else {}
