"""Reads a request of Bedrock's Converse API, and refuses what AWS refuses.

Bounds and enumerations are those of AWS's service model; the words are its validator's. Fields that
it does not know AWS ignores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.anthropic_content import check_picture
from simulator.ask import Ask
from simulator.errors import Refused

Json = Mapping[str, Any]

FORMATS = ("png", "jpeg", "gif", "webp")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


def invalid(message: str) -> Refused:
    return Refused(400, message)


def constraint(value: Any, place: str, rule: str) -> Refused:
    """What AWS's validator says of a value outside its bounds."""
    said = "null" if value is None else value
    return invalid(
        f"1 validation error detected: Value '{said}' at '{place}' failed to satisfy constraint:"
        f" Member must {rule}"
    )


def parse(body: Json, model: str, *, stream: bool) -> Ask:
    tools, forced = _tools(body.get("toolConfig"))
    turns = body.get("messages")
    if not isinstance(turns, list):
        raise constraint(None, "messages", "not be null")
    system = _system(body.get("system") or [])
    messages = _messages(turns, has_tools=body.get("toolConfig") is not None)
    tokens_max, stops = _inference(body.get("inferenceConfig") or {})
    return Ask(
        model=model,
        messages=[*system, *messages],
        stream=stream,
        stop=stops,
        tokens_max=tokens_max,
        tools=tools,
        tool_forced=forced,
    )


def _inference(config: Json) -> tuple[int | None, tuple[str, ...]]:
    for name in ("temperature", "topP"):
        value = config.get(name)
        if value is not None and not (type(value) in (int, float) and 0 <= value <= 1):
            bound = "less than or equal to 1" if value > 1 else "greater than or equal to 0"
            raise constraint(value, f"inferenceConfig.{name}", f"have value {bound}")
    limit = config.get("maxTokens")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise constraint(
            limit, "inferenceConfig.maxTokens", "have value greater than or equal to 1"
        )
    stops = config.get("stopSequences") or []
    for place, stop in enumerate(stops, 1):
        if not isinstance(stop, str) or not stop:
            at = f"inferenceConfig.stopSequences.{place}.member"
            raise constraint(stop, at, "have length greater than or equal to 1")
        if not stop.strip():
            raise invalid(
                "The model returned the following errors: stop_sequences: each stop sequence must"
                " contain non-whitespace"
            )
    return limit, tuple(stops)


def _system(blocks: Sequence[Json]) -> list[Json]:
    texts = [block["text"] for block in blocks if "text" in block]
    if any(not text for text in texts):
        raise constraint("", "system.1.member.text", "have length greater than or equal to 1")
    return [{"role": "system", "content": "\n".join(texts)}] if texts else []


def _messages(turns: Sequence[Any], *, has_tools: bool) -> list[Json]:
    for place, turn in enumerate(turns, 1):
        if turn.get("role") not in ("user", "assistant"):
            rule = "satisfy enum value set: [user, assistant]"
            raise constraint(turn.get("role"), f"messages.{place}.member.role", rule)
    if not turns or turns[0]["role"] != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that"
            " starts with a user message."
        )
    for place, (before, after) in enumerate(zip(turns, turns[1:], strict=False)):
        if before["role"] == after["role"]:
            raise invalid(
                "A conversation must alternate between user and assistant roles. Make sure the"
                " conversation alternates between user and assistant roles and try again."
            )
        _check_results(place + 1, before, after)
    _check_results(0, {"content": []}, turns[0])
    found = [message for place, turn in enumerate(turns) for message in _turn(place, turn)]
    used = any(
        "toolUse" in block or "toolResult" in block for turn in turns for block in turn["content"]
    )
    if used and not has_tools:
        raise invalid(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )
    last = turns[-1]["content"][-1].get("text", "") if turns[-1]["role"] == "assistant" else ""
    if last != last.rstrip():
        raise invalid(
            "The model returned the following errors: messages: final assistant content cannot end"
            " with trailing whitespace"
        )
    return found


def _check_results(place: int, before: Json, after: Json) -> None:
    called = [block["toolUse"]["toolUseId"] for block in before["content"] if "toolUse" in block]
    results = [block["toolResult"] for block in after["content"] if "toolResult" in block]
    answered = [result["toolUseId"] for result in results]
    if len(answered) > len(called):
        raise invalid(
            f"The number of toolResult blocks at messages.{place}.content exceeds the number of"
            " toolUse blocks of previous turn."
        )
    if missing := sorted(set(called) - set(answered)):
        raise invalid(
            f"Expected toolResult blocks at messages.{place}.content for the following Ids:"
            f" {', '.join(missing)}"
        )


def _turn(place: int, turn: Json) -> list[Json]:
    where = f"messages.{place}.content"
    blocks = turn.get("content")
    if not isinstance(blocks, list) or not blocks:
        raise invalid(
            f"The content field in the Message object at messages.{place} is empty. Add a"
            " ContentBlock object to the content field and try again."
        )
    parts: list[Json] = []
    results: list[Json] = []
    calls: list[Json] = []
    for number, block in enumerate(blocks):
        at = f"{where}.{number}"
        if "text" in block:
            if not block["text"].strip():
                raise invalid(
                    f"The text field in the ContentBlock object at {at} is blank. Add text to the"
                    " text field, and try again."
                )
            parts.append({"type": "text", "text": block["text"]})
        elif "image" in block and turn["role"] == "user":
            _check_image(block["image"], at)
            parts.append({"type": "image_url", "image_url": {}})
        elif "toolUse" in block and turn["role"] == "assistant":
            calls.append(_call(block["toolUse"], at))
        elif "toolResult" in block and turn["role"] == "user":
            texts = [part.get("text", "") for part in block["toolResult"]["content"]]
            results.append({"role": "tool", "content": "\n".join(texts)})
        elif not {"cachePoint", "reasoningContent"} & set(block):
            raise invalid(
                f"The ContentBlock object at {at} has no field that {turn['role']} takes."
            )
    if turn["role"] == "user":
        return [*results, *([{"role": "user", "content": parts}] if parts else [])]
    text = "".join(part["text"] for part in parts)
    message = {"role": "assistant", "content": text}
    return [{**message, "tool_calls": calls} if calls else message]


def _check_image(image: Json, where: str) -> None:
    kind = image.get("format")
    if kind not in FORMATS:
        rule = f"satisfy enum value set: [{', '.join(FORMATS)}]"
        raise constraint(kind, f"{where}.image.format", rule)
    source = image.get("source") or {}
    if "bytes" not in source:
        raise invalid(f"The source field at {where}.image needs bytes.")
    check_picture(source["bytes"], f"image/{kind}", f"{where}.image.source.bytes")


def _call(use: Json, where: str) -> Json:
    for name, pattern in (("toolUseId", _TOOL_USE_ID), ("name", _TOOL_NAME)):
        if not pattern.fullmatch(use.get(name) or ""):
            rule = f"satisfy regular expression pattern: {pattern.pattern}"
            raise constraint(use.get(name), f"{where}.toolUse.{name}", rule)
    if not isinstance(use.get("input"), dict):
        raise invalid(f"The format of the value at {where}.toolUse.input is invalid. Provide a json"
                      " object for the field and try again.")  # fmt: skip
    function = {"name": use["name"], "arguments": json.dumps(use["input"])}
    return {"id": use["toolUseId"], "type": "function", "function": function}


def _tools(config: Json | None) -> tuple[Sequence[Json], str | None]:
    if config is None:
        return (), None
    tools = config.get("tools")
    if not isinstance(tools, list) or not tools:
        raise constraint(tools, "toolConfig.tools", "have length greater than or equal to 1")
    functions = []
    for place, tool in enumerate(tools, 1):
        if (spec := tool.get("toolSpec")) is None:
            continue
        at = f"toolConfig.tools.{place}.member.toolSpec"
        if not _TOOL_NAME.fullmatch(spec.get("name") or ""):
            rule = f"satisfy regular expression pattern: {_TOOL_NAME.pattern}"
            raise constraint(spec.get("name"), f"{at}.name", rule)
        if spec.get("description") == "":
            raise constraint("", f"{at}.description", "have length greater than or equal to 1")
        schema = (spec.get("inputSchema") or {}).get("json")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise invalid(
                f"The value at toolConfig.tools.{place - 1}.toolSpec.inputSchema.json.type must be"
                " one of the following: object."
            )
        description = spec.get("description", "")
        functions.append({"name": spec["name"], "description": description, "parameters": schema})
    choice = config.get("toolChoice") or {}
    forced = (choice.get("tool") or {}).get("name")
    if forced is not None and all(forced != function["name"] for function in functions):
        raise invalid("The tool chosen in toolChoice is not one of those in toolConfig.tools.")
    return functions, forced
