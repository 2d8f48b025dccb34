"""A request in the words of Cohere's first chat API: `message` and `chat_history`. Pure.

Its rules, from the "Errors" page of its reference: every turn has a message; a message and
tool results exclude each other, and so do a message and a history that ends in tool results.
"""

from __future__ import annotations

from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.formats.cohere_shared import sampling
from routing.formats.contents import named, texts
from routing.formats.translation import SILENCE, accepted, arguments_of, as_object, continuation
from routing.request import ChatRequest

Json = dict[str, Any]

_ROLES = {"user": "USER", "assistant": "CHATBOT", "system": "SYSTEM"}
# Types are Python's.
_TYPES = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict",
    "array": "list",
}  # fmt: skip


def body_of(request: ChatRequest, endpoint: Endpoint, max_tokens: int | None) -> Json:
    given = accepted(request, endpoint)
    body: Json = {"model": endpoint.upstream_model, **_conversation(request)}
    body |= sampling(given, max_tokens)
    if request.stream:
        body["stream"] = True
    has_results = "tool_results" in body
    # The API knows no tool_choice; "none" is said by offering nothing, a name by offering it alone.
    if "tools" in given and (request.parameters.get("tool_choice") != "none" or has_results):
        wanted = request.parameters.get("tool_choice")
        name = wanted["function"]["name"] if isinstance(wanted, dict) else None
        body["tools"] = [
            _tool(tool["function"])
            for tool in given["tools"]
            if name in (None, tool["function"]["name"])
        ]
    elif (form := given.get("response_format") or {}).get("type") in ("json_object", "json_schema"):
        schema = (form.get("json_schema") or {}).get("schema")
        body["response_format"] = {"type": "json_object"} | ({"schema": schema} if schema else {})
    return body


def _conversation(request: ChatRequest) -> Json:
    if request.messages is None:
        return {"message": request.prompt or ""}
    messages = [named(message) for message in request.messages]
    if request.prefill:
        # A CHATBOT turn at the end would be answered, not continued.
        messages[-1] = {"role": "user", "content": continuation(texts(messages[-1]))}
    first = next((i for i, each in enumerate(messages) if each["role"] != "system"), len(messages))
    preamble = "\n\n".join(filter(None, map(texts, messages[:first])))
    turns = _Turns(messages[first:]).turns
    if not turns:
        # There is nothing but instructions: then they are the question.
        return {"message": preamble or SILENCE}
    last = turns.pop()
    body: Json = {"preamble": preamble} if preamble else {}
    if last["role"] == "TOOL":
        body |= {"message": "", "tool_results": last["tool_results"]}
    elif last["role"] == "USER":
        if turns and turns[-1]["role"] == "TOOL":
            turns.append({"role": "CHATBOT", "message": SILENCE})
        body["message"] = last["message"]
    else:
        turns.append(last)
        body["message"] = SILENCE
    if turns:
        body["chat_history"] = turns
    return body


class _Turns:
    def __init__(self, messages: list[Json]) -> None:
        self.turns: list[Json] = []
        self._calls: dict[str, Json] = {}
        for message in messages:
            self._add(message)

    def _add(self, message: Json) -> None:
        text = texts(message)
        if message["role"] == "tool":
            self._add_result(message, text)
            return
        turn: Json = {"role": _ROLES[message["role"]], "message": text}
        for call in message.get("tool_calls") or ():
            called = {"name": call["function"]["name"], "parameters": arguments_of(call)}
            self._calls[call["id"]] = called
            turn.setdefault("tool_calls", []).append(called)
        if text or "tool_calls" in turn:
            self.turns.append(turn)

    def _add_result(self, message: Json, text: str) -> None:
        """Results of one turn belong together, each with the call that it answers."""
        identity = message["tool_call_id"]
        unknown: Json = {"name": message.get("name") or identity, "parameters": {}}
        result = as_object(text)
        outputs = [{"result": text} if result is None else result]
        entry = {"call": self._calls.get(identity, unknown), "outputs": outputs}
        if self.turns and self.turns[-1]["role"] == "TOOL":
            self.turns[-1]["tool_results"].append(entry)
        else:
            self.turns.append({"role": "TOOL", "tool_results": [entry]})


def _tool(function: Json) -> Json:
    """JSON Schema flattened: what a parameter may be beyond its type goes into its description."""
    tool: Json = {"name": function["name"], "description": function.get("description") or ""}
    parameters = function.get("parameters") or {}
    required = parameters.get("required")
    properties = parameters.get("properties")
    if isinstance(properties, dict) and properties:
        tool["parameter_definitions"] = {
            name: _definition(
                inner if isinstance(inner, dict) else {},
                isinstance(required, list) and name in required,
            )
            for name, inner in properties.items()
        }
    return tool


def _definition(schema: Json, required: bool) -> Json:
    definition: Json = {"type": _type(schema), "required": required}
    words = [str(schema["description"])] if schema.get("description") else []
    if isinstance(schema.get("enum"), list):
        words.append("One of: " + ", ".join(map(str, schema["enum"])) + ".")
    items = schema.get("items")
    detailed = schema if schema.get("properties") else items if _is_detailed(items) else None
    if detailed:
        words.append("JSON schema: " + orjson.dumps(detailed).decode())
    if words:
        definition["description"] = " ".join(words)
    return definition


def _type(schema: Json) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "string")
    found = _TYPES.get(str(kind), "str")
    items = schema.get("items")
    if found == "list" and isinstance(items, dict) and not _is_detailed(items):
        return f"List[{_type(items)}]"
    return found


def _is_detailed(items: Any) -> bool:
    return isinstance(items, dict) and bool(items.get("properties"))
