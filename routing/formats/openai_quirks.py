"""Where providers depart from OpenAI's format: what `Provider.quirks` names, done. Pure.

alternates            system messages stand first, then user and assistant take turns
completes_base_only   a raw prompt for any other model becomes a message (routing.adapters.openai)
logprobs_integer      `logprobs` is a number and not true
prefill               how an answer is continued that the caller began: "prefix" (a flag on the
                      message), "ask" (the user asks for it), "template" (as raw text, by
                      routing.adapters.openai)
response_types        the types of `response_format` it knows; any other is left out
schema_beside_type    {"type": "json_object", "schema": ...} instead of OpenAI's json_schema
stop_max              so many stop sequences at most
tool_choice_required  its word for `required`
tool_id_length        ids of tool calls are so many letters or digits

Sources: the providers' API references of 2024, see catalog/data/providers_2024.json.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from routing.formats.contents import Message

Quirks = Mapping[str, Any]

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CONTINUE = "Continue your last message exactly where it ends, without repeating any of it."
# A conversation that begins with the assistant needs a first word of the user.
_NOTHING_YET = "..."


# --- Parameters ----------------------------------------------------------------------------------


def parameters(given: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    """As the provider takes them; `given` is ours to change."""
    if (most := quirks.get("stop_max")) and "stop" in given:
        given["stop"] = given["stop"][:most]
    if "tool_choice_required" in quirks and given.get("tool_choice") == "required":
        given["tool_choice"] = quirks["tool_choice_required"]
    if "logprobs_integer" in quirks and given.pop("logprobs", False):
        given["logprobs"] = 1
    if "response_format" in given and (
        "response_types" in quirks or "schema_beside_type" in quirks
    ):
        wanted = _response_format(given.pop("response_format"), quirks)
        if wanted is not None:
            given["response_format"] = wanted
    return given


def _response_format(wanted: dict[str, Any], quirks: Quirks) -> dict[str, Any] | None:
    known = quirks.get("response_types")
    if known is not None and wanted["type"] not in known:
        return None
    if "schema_beside_type" in quirks and wanted["type"] == "json_schema":
        schema = wanted["json_schema"].get("schema")
        return {"type": "json_object"} | ({"schema": schema} if schema else {})
    return wanted


# --- Messages ------------------------------------------------------------------------------------


def messages(given: list[Message], quirks: Quirks, *, prefill: bool) -> list[Message]:
    """As the provider takes them; the messages themselves are the caller's and stay as they are."""
    if length := quirks.get("tool_id_length"):
        given = [_with_short_ids(message, length) for message in given]
    if prefill:
        given = _prefilled(given, quirks.get("prefill"))
    return _alternating(given) if "alternates" in quirks else given


def _prefilled(given: list[Message], way: str | None) -> list[Message]:
    if way == "prefix":
        return [*given[:-1], given[-1] | {"prefix": True}]
    if way == "ask":
        return [*given, {"role": "user", "content": _CONTINUE}]
    return given


def _with_short_ids(message: Message, length: int) -> Message:
    if "tool_call_id" in message:
        return message | {"tool_call_id": _short_id(message["tool_call_id"], length)}
    if "tool_calls" in message:
        calls = [call | {"id": _short_id(call["id"], length)} for call in message["tool_calls"]]
        return message | {"tool_calls": calls}
    return message


def _short_id(call_id: str, length: int) -> str:
    """The same for the same id, so that a result still finds its call."""
    if re.fullmatch(f"[a-zA-Z0-9]{{{length}}}", call_id):
        return call_id
    digest = hashlib.blake2b(call_id.encode(), digest_size=length).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


def _alternating(given: list[Message]) -> list[Message]:
    system = [message for message in given if message["role"] == "system"]
    turns: list[Message] = []
    for message in given:
        if message["role"] == "system":
            continue
        if turns and turns[-1]["role"] == message["role"] != "tool":
            turns[-1] = _joined(turns[-1], message)
        else:
            turns.append(message)
    if turns and turns[0]["role"] == "assistant":
        turns.insert(0, {"role": "user", "content": _NOTHING_YET})
    return [*system, *turns]


def _joined(one: Message, other: Message) -> Message:
    contents = one.get("content") or "", other.get("content") or ""
    if all(isinstance(content, str) for content in contents):
        return one | other | {"content": "\n\n".join(filter(None, contents))}
    return one | {"content": [part for content in contents for part in _parts(content)]}


def _parts(content: Any) -> Iterable[Message]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)
