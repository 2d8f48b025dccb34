"""OpenAI's messages as the turns of Anthropic's Messages API. Pure.

Bedrock's Converse API is the same conversation in other words, so its dialect begins here too.
The rules are those the API refuses a request by (Anthropic API reference, Messages): the system
prompt stands apart, user and assistant take turns, the user begins, no text is blank, results of
tools stand first in the turn after their calls, and the last turn, when it is the assistant's, ends
in no blank.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from routing.formats.content_blocks import REASONING_FORMAT
from routing.formats.contents import Message, named, split_data_url
from routing.formats.translation import as_object

Block = dict[str, Any]
Turns = list[dict[str, Any]]

# Says as little as can be said where the API wants words and the caller gave none.
FILLER = "."
_ID_CHARACTERS_MAX = 64
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def conversation(messages: Sequence[Message]) -> tuple[list[Block], Turns]:
    """The blocks of the system prompt, wherever its messages stood, and the turns."""
    system: list[Block] = []
    turns: Turns = []
    for message in messages:
        if message["role"] == "system":
            system += _contents(named(message))
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        blocks = _blocks(message)
        if blocks and turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    if turns and turns[-1]["role"] == "assistant":
        _end(turns, is_prefill=messages[-1]["role"] == "assistant")
    if not turns or turns[0]["role"] != "user":
        turns.insert(0, {"role": "user", "content": [_text(FILLER)]})
    for turn in turns:
        turn["content"].sort(key=_place)
    return system, turns


def _place(block: Block) -> int:
    """Results of tools come first, and so does what the assistant thought."""
    return 0 if block["type"] in ("tool_result", "thinking", "redacted_thinking") else 1


def _end(turns: Turns, *, is_prefill: bool) -> None:
    """The beginning of the answer has no thoughts (we ask for none) and no blank at its end.

    An answer of before must not be taken for it because nothing, or no user, came after.
    """
    if not is_prefill:
        turns.append({"role": "user", "content": [_text(FILLER)]})
        return
    kept = [block for block in turns[-1]["content"] if block["type"] in ("text", "tool_use")]
    if kept and kept[-1]["type"] == "text":
        kept[-1] = {**kept[-1], "text": kept[-1]["text"].rstrip()}
    turns[-1]["content"] = kept
    if not kept:
        turns.pop()


def _blocks(message: Message) -> list[Block]:
    if message["role"] == "tool":
        result: Block = {"type": "tool_result", "tool_use_id": tool_id(message["tool_call_id"])}
        if content := _contents(message):
            result["content"] = content
        return [result]
    blocks = _contents(named(message))
    if message["role"] != "assistant":
        return blocks
    if not blocks and (message.get("refusal") or "").strip():
        blocks = [_text(message["refusal"])]
    thoughts = _thoughts(message.get("reasoning_details") or ())
    return [*thoughts, *blocks, *map(_tool_use, message.get("tool_calls") or ())]


def _contents(message: Message) -> list[Block]:
    content = message.get("content") or ""
    if isinstance(content, str):
        return [_text(content)] if content.strip() else []
    return [_part(part) for part in content if part["type"] != "text" or part["text"].strip()]


def _part(part: Message) -> Block:
    block = _text(part["text"]) if part["type"] == "text" else _image(part["image_url"]["url"])
    if "cache_control" in part:
        block["cache_control"] = part["cache_control"]
    return block


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _image(url: str) -> Block:
    try:
        media_type, data = split_data_url(url)
    except ValueError:
        return {"type": "image", "source": {"type": "url", "url": url}}
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _tool_use(call: Message) -> Block:
    function = call["function"]
    return {
        "type": "tool_use",
        "id": tool_id(call["id"]),
        "name": function["name"],
        "input": _arguments(function["arguments"]),
    }


def _arguments(text: str) -> dict[str, Any]:
    """The API wants an object; what a model wrote that is none is kept as text within one."""
    if not text.strip():
        return {}
    arguments = as_object(text)
    return {"arguments": text} if arguments is None else arguments


def tool_id(call_id: str) -> str:
    """The id of a call that another provider may have made, in the letters this API takes.

    The same id always becomes the same, and two that differ stay different.
    """
    cleaned = _NOT_IN_IDS.sub("_", call_id)
    if cleaned == call_id and len(call_id) <= _ID_CHARACTERS_MAX:
        return call_id
    digest = hashlib.blake2b(call_id.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{cleaned[: _ID_CHARACTERS_MAX - 17]}_{digest}"


def _thoughts(details: Iterable[Message]) -> list[Block]:
    """Thoughts go back as they came, with the signature that proves them; others are left out.

    A caller that kept the deltas of a stream has them in pieces, and in pieces they are joined.
    """
    thoughts: list[Block] = []
    last: object = None
    for detail in details:
        if detail.get("format") not in (None, REASONING_FORMAT):
            continue
        if detail.get("type") == "reasoning.encrypted":
            thoughts.append({"type": "redacted_thinking", "data": str(detail.get("data") or "")})
            last = None
        elif detail.get("type") == "reasoning.text":
            place = detail.get("index")
            if last is None or place is None or place != last:
                thoughts.append({"type": "thinking", "thinking": "", "signature": ""})
                last = place
            thoughts[-1]["thinking"] += str(detail.get("text") or "")
            thoughts[-1]["signature"] += str(detail.get("signature") or "")
    return [thought for thought in thoughts if thought.get("signature") or thought.get("data")]


def tools(given: dict[str, Any], turns: Turns) -> dict[str, Any]:
    """`tools` and `tool_choice`, or nothing."""
    offered = functions(given, turns)
    if not offered:
        return {}
    found: dict[str, Any] = {"tools": [_tool(function) for function in offered]}
    if choice := _tool_choice(given):
        found["tool_choice"] = choice
    return found


def functions(given: dict[str, Any], turns: Turns) -> list[dict[str, Any]]:
    """What the caller offers. A conversation that called some needs them defined (API reference)
    even where he offers none any more."""
    if given.get("tools"):
        return [tool["function"] for tool in given["tools"]]
    calls = (block for turn in turns for block in turn["content"] if block["type"] == "tool_use")
    return [{"name": name} for name in dict.fromkeys(call["name"] for call in calls)]


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    tool = {"name": function["name"]}
    if function.get("description"):
        tool["description"] = function["description"]
    return {**tool, "input_schema": input_schema(function)}


def input_schema(function: dict[str, Any]) -> dict[str, Any]:
    """A tool's parameters: the API wants their type to be said."""
    return {"type": "object", **(function.get("parameters") or {"properties": {}})}


def _tool_choice(given: dict[str, Any]) -> dict[str, Any] | None:
    """None: the model may choose, as it may when nothing is said."""
    wanted = given.get("tool_choice") if "tools" in given else "none"
    if wanted == "none":
        return {"type": "none"}
    choice: dict[str, Any] = {"type": "any" if wanted == "required" else "auto"}
    if isinstance(wanted, dict):
        choice = {"type": "tool", "name": wanted["function"]["name"]}
    if given.get("parallel_tool_calls") is False:
        choice["disable_parallel_tool_use"] = True
    elif wanted is None:
        return None
    return choice
