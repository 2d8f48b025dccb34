"""Tools for models that know none: as YAML at the end of the prompt, and calls read from the reply.

Source: seed, Request Body ("For others, we submit a YAML-formatted string with these tools at the
end of the prompt"). For each attempt at an endpoint:

    if needs_text(request, endpoint):
        sent = dialect.encode(as_text(request), endpoint, max_tokens)
        reader = ToolReader(request, new_id)  # routing.reading.tool_reader; when request.has_tools
        ... each decoded chunk goes through reader.feed, the end of the answer through finish

Pure: a changed request is a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson

from catalog.snapshot import Endpoint
from routing.formats.contents import named, nests_deeper, texts
from routing.messages import Message, text_size
from routing.reading.tool_yaml import dump
from routing.request import ChatRequest

PARAMETERS = frozenset(("tools", "tool_choice", "parallel_tool_calls"))

_INTRODUCTION = "You can call these tools:"
_FORM = """\
```yaml
tool_calls:
- name: the name of a tool
  arguments:
    name_of_an_argument: its value
```"""
_HOW = "To call {what}, answer with nothing but a YAML block of this form:"
_MAY = "If you need no tool, answer in words, without such a block."
_MUST = "You must call {what} now."


def needs_text(request: ChatRequest, endpoint: Endpoint) -> bool:
    """Does this endpoint know no tools, and the request have some, or speak of calls?"""
    if (
        "tools" in endpoint.supported_parameters
        and "tools" not in endpoint.provider.unsupported_parameters
    ):
        return False
    return request.has_tools or any(
        message["role"] == "tool" or "tool_calls" in message or "function_call" in message
        for message in request.messages or ()
    )


def as_text(request: ChatRequest) -> ChatRequest:
    """The same request without tools: they stand at its end, earlier calls and their results are
    words, and what the user says in a row is one message."""
    appendix = _appendix(request)
    parameters = {
        name: value for name, value in request.parameters.items() if name not in PARAMETERS
    }
    lighter = replace(request, parameters=parameters, has_tools=False)
    definitions_bytes = len(orjson.dumps(request.parameters["tools"])) if request.has_tools else 0
    if request.messages is None:
        prompt = "\n\n".join(text for text in (request.prompt, appendix) if text)
        added_bytes = text_size(prompt) - text_size(request.prompt or "")
    else:
        messages = _messages(request, appendix)
        lighter = replace(lighter, messages=messages, message_count=len(messages))
        added_bytes = _bytes(messages) - _bytes(request.messages)
        prompt = None
    text_bytes = max(1, request.text_bytes + added_bytes - definitions_bytes)
    return replace(lighter, prompt=prompt, text_bytes=text_bytes)


def offered(request: ChatRequest) -> list[dict[str, Any]]:
    """The functions that may be called: all, the one that was chosen, or none."""
    functions = [tool["function"] for tool in request.parameters.get("tools") or ()]
    choice = request.parameters.get("tool_choice", "auto")
    if choice == "none":
        return []
    if isinstance(choice, dict):
        chosen = choice["function"]["name"]
        return [function for function in functions if function["name"] == chosen]
    return functions


# --- The tools -----------------------------------------------------------------------------------


def _appendix(request: ChatRequest) -> str:
    functions = offered(request)
    if not functions:
        return ""
    choice = request.parameters.get("tool_choice", "auto")
    must = choice == "required" or isinstance(choice, dict)
    several = request.parameters.get("parallel_tool_calls", True)
    what = "one or more tools" if several else "a tool"
    last = _MAY
    if must:
        name = f"the tool {functions[0]['name']}" if isinstance(choice, dict) else what
        last = _MUST.format(what=name)
    tools = dump({"tools": [_described(function) for function in functions]})
    rule = "" if several else "\n\nCall one tool at most."
    how = f"{_HOW.format(what=what)}\n\n{_FORM}{rule}"
    return f"{_INTRODUCTION}\n\n```yaml\n{tools}\n```\n\n{how}\n\n{last}"


def _described(function: dict[str, Any]) -> dict[str, Any]:
    return {
        key: function[key] for key in ("name", "description", "parameters") if function.get(key)
    }


# --- The conversation ----------------------------------------------------------------------------


def _messages(request: ChatRequest, appendix: str) -> tuple[Message, ...]:
    messages = _merged(_said(request.messages or ()))
    if not appendix:
        return tuple(messages)
    place = len(messages) - (1 if request.prefill else 0)
    if place and messages[place - 1]["role"] == "user":
        place -= 1
        messages[place] = _with(messages[place], appendix)
    else:
        messages.insert(place, {"role": "user", "content": appendix})
    return tuple(messages)


def _said(messages: Iterable[Message]) -> Iterable[Message]:
    """Calls and results as words; the same messages where there are none."""
    names: dict[str, str] = {}
    for message in messages:
        if message["role"] == "tool":
            yield {"role": "user", "content": _result(message, names)}
        elif "tool_calls" in message or "function_call" in message:
            calls = message.get("tool_calls") or ({"function": message["function_call"]},)
            names |= {call["id"]: call["function"]["name"] for call in calls if "id" in call}
            made = f"```yaml\n{dump({'tool_calls': [_call(call) for call in calls]})}\n```"
            said = texts(message)
            yield {
                key: value
                for key, value in message.items()
                if key not in ("tool_calls", "function_call")
            } | {"content": f"{said}\n\n{made}" if said else made}
        else:
            yield message


def _call(call: dict[str, Any]) -> dict[str, Any]:
    """In the form in which we ask for calls, and with its id, by which results are told apart."""
    function = call["function"]
    try:
        arguments = orjson.loads(function["arguments"] or "{}")
    except orjson.JSONDecodeError:
        arguments = function["arguments"]
    if nests_deeper(arguments):
        arguments = function["arguments"]
    made = {"name": function["name"], "arguments": arguments}
    return {"id": call["id"], **made} if "id" in call else made


def _result(message: Message, names: dict[str, str]) -> str:
    call_id = message["tool_call_id"]
    name = names.get(call_id) or message.get("name") or "the tool"
    return f"Result of {name} (call {call_id}):\n{texts(message)}"


def _merged(messages: Iterable[Message]) -> list[Message]:
    merged: list[Message] = []
    for message in messages:
        last = merged[-1] if merged else None
        if last is None or message["role"] != "user" or last["role"] != "user":
            merged.append(message)
            continue
        if "name" in last or "name" in message:
            last, message = named(last), named(message)
        merged[-1] = _joined(last, message)
    return merged


def _joined(one: Message, other: Message) -> Message:
    contents = one["content"], other["content"]
    if all(isinstance(content, str) for content in contents):
        return one | {"content": f"{contents[0]}\n\n{contents[1]}"}
    return one | {"content": [*_parts(contents[0]), *_parts(contents[1])]}


def _with(message: Message, text: str) -> Message:
    """With the text at its end."""
    content = message["content"]
    if isinstance(content, str):
        return message | {"content": f"{content}\n\n{text}" if content else text}
    return message | {"content": [*content, {"type": "text", "text": f"\n\n{text}"}]}


def _parts(content: Any) -> list[Message]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _bytes(messages: Iterable[Message]) -> int:
    """Of texts and calls, as a request weighs them."""
    total = 0
    for message in messages:
        total += text_size(texts(message)) + text_size(message.get("name") or "")
        total += text_size(message.get("tool_call_id") or "")
        calls = [*(message.get("tool_calls") or ())]
        if "function_call" in message:
            calls.append({"function": message["function_call"]})
        for call in calls:
            function = call["function"]
            words = (call.get("id") or "", function["name"], function["arguments"])
            total += sum(map(text_size, words))
    return total
