"""Messages and their blocks, as Anthropic's Messages API checks them, in OpenAI's words for Ask."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.errors import Refused

Json = Mapping[str, Any]
Block = dict[str, Any]

# What may stand in a block beside its type, and what must.
_FIELDS = {
    "text": ({"text"}, {"cache_control", "citations"}),
    "image": ({"source"}, {"cache_control"}),
    "tool_use": ({"id", "name", "input"}, {"cache_control"}),
    "tool_result": ({"tool_use_id"}, {"content", "is_error", "cache_control"}),
    "thinking": ({"thinking", "signature"}, set[str]()),
    "redacted_thinking": ({"data"}, set[str]()),
}
_OF_THE_USER = frozenset(("text", "image", "tool_result"))
_OF_THE_ASSISTANT = frozenset(("text", "tool_use", "thinking", "redacted_thinking"))
# How a picture begins, by its media type.
_SIGNATURES = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
_ID = re.compile(r"[a-zA-Z0-9_-]+")


def invalid(message: str) -> Refused:
    return Refused(400, message)


def system(given: Any) -> list[Json]:
    if given is None or given == "":
        return []
    if isinstance(given, str):
        return [{"role": "system", "content": given}]
    if not isinstance(given, list):
        raise invalid("system: Input should be a valid list")
    for place, block in enumerate(given):
        _check(block, f"system.{place}", frozenset({"text"}))
    return [{"role": "system", "content": "\n".join(block["text"] for block in given)}]


def messages(given: Sequence[Any], *, has_tools: bool, joins: bool) -> list[Json]:
    """The conversation in OpenAI's words; raises Refused. `joins`: turns need not alternate."""
    if not given:
        raise invalid("messages: at least one message is required")
    turns = [_turn(place, message) for place, message in enumerate(given)]
    if joins:
        turns = _joined(turns)
    _check_order([role for role, _ in turns])
    _check_calls(turns)
    last_role, last = turns[-1]
    for place, (_, blocks) in enumerate(turns):
        if not blocks and not (place == len(turns) - 1 and last_role == "assistant"):
            raise invalid(
                f"messages.{place}: all messages must have non-empty content except for the"
                " optional final assistant message"
            )
    if (
        last_role == "assistant"
        and last
        and last[-1].get("text", "") != (last[-1].get("text", "").rstrip())
    ):
        raise invalid("messages: final assistant content cannot end with trailing whitespace")
    used = any(block["type"].startswith("tool_") for _, blocks in turns for block in blocks)
    if used and not has_tools:
        raise invalid("Requests which include `tool_use` or `tool_result` blocks must define tools")
    return [message for role, blocks in turns for message in _as_openai(role, blocks)]


def _turn(place: int, message: Any) -> tuple[str, list[Block]]:
    where = f"messages.{place}"
    if not isinstance(message, dict):
        raise invalid(f"{where}: Input should be a valid dictionary")
    for name in message:
        if name not in ("role", "content"):
            raise invalid(f"{where}.{name}: Extra inputs are not permitted")
    for name in ("role", "content"):
        if name not in message:
            raise invalid(f"{where}.{name}: Field required")
    role, content = message["role"], message["content"]
    if role not in ("user", "assistant"):
        if role == "system":
            raise invalid(
                'messages: Unexpected role "system". The Messages API accepts a top-level `system`'
                ' parameter, not "system" as an input message role.'
            )
        raise invalid(f"{where}.role: Input should be 'user' or 'assistant'")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}] if content else []
    if not isinstance(content, list):
        raise invalid(f"{where}.content: Input should be a valid list")
    takes = _OF_THE_USER if role == "user" else _OF_THE_ASSISTANT
    for number, block in enumerate(content):
        _check(block, f"{where}.content.{number}", takes)
    return role, content


def _check(block: Any, where: str, takes: frozenset[str]) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in takes:
        tags = ", ".join(f"'{name}'" for name in sorted(takes))
        raise invalid(
            f"{where}: Input tag '{kind}' found using 'type' does not match any of {tags}"
        )
    needed, optional = _FIELDS[kind]
    for name in needed:
        if name not in block:
            raise invalid(f"{where}.{kind}.{name}: Field required")
    for name in block:
        if name not in needed | optional | {"type"}:
            raise invalid(f"{where}.{kind}.{name}: Extra inputs are not permitted")
    if kind == "text":
        _check_text(block, where)
    elif kind == "image":
        _check_image(block["source"], f"{where}.image.source")
    elif kind == "tool_result":
        content = block.get("content") or []
        for number, part in enumerate([] if isinstance(content, str) else content):
            _check(part, f"{where}.tool_result.content.{number}", frozenset({"text", "image"}))
    elif kind == "tool_use":
        if not isinstance(block["input"], dict):
            raise invalid(f"{where}.tool_use.input: Input should be a valid dictionary")
        if not isinstance(block["id"], str) or not _ID.fullmatch(block["id"]):
            raise invalid(f"{where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")


def _check_text(block: Block, where: str) -> None:
    if not isinstance(block["text"], str):
        raise invalid(f"{where}.text.text: Input should be a valid string")
    place = where.partition(".")[0]
    if not block["text"]:
        raise invalid(f"{place}: text content blocks must be non-empty")
    if not block["text"].strip():
        raise invalid(f"{place}: text content blocks must contain non-whitespace text")


def _check_image(source: Any, where: str) -> None:
    kind = source.get("type") if isinstance(source, dict) else None
    if kind == "url":
        if not str(source.get("url", "")).startswith(("http://", "https://")):
            raise invalid(f"{where}.url.url: Only HTTP and HTTPS URLs are supported.")
        return
    if kind != "base64":
        raise invalid(f"{where}: Input tag '{kind}' does not match 'base64' or 'url'")
    media_type, data = source.get("media_type"), source.get("data")
    if media_type not in _SIGNATURES:
        raise invalid(
            f"{where}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or"
            " 'image/webp'"
        )
    check_picture(data, media_type, f"{where}.base64.data")


def check_picture(data: Any, media_type: str, where: str) -> None:
    """Base64, and what it holds begins as its type says."""
    try:
        picture = base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except binascii.Error:
        raise invalid(f"{where}: Invalid base64 data") from None
    if not picture:
        raise invalid(f"{where}: image cannot be empty")
    if not picture.startswith(tuple(_SIGNATURES.values())):
        raise invalid("Could not process image")
    if not picture.startswith(_SIGNATURES[media_type]):
        raise invalid(f"{where}: Image does not match the provided media type {media_type}")


def _joined(turns: list[tuple[str, list[Block]]]) -> list[tuple[str, list[Block]]]:
    joined: list[tuple[str, list[Block]]] = []
    for role, blocks in turns:
        if joined and joined[-1][0] == role:
            blocks = joined.pop()[1] + blocks
        joined.append((role, blocks))
    return joined


def _check_order(roles: list[str]) -> None:
    if roles[0] != "user":
        raise invalid('messages: first message must use the "user" role')
    for before, after in zip(roles, roles[1:], strict=False):
        if before == after:
            raise invalid(
                'messages: roles must alternate between "user" and "assistant", but found multiple'
                f' "{after}" roles in a row'
            )


def _check_calls(turns: list[tuple[str, list[Block]]]) -> None:
    """The results of all calls, and of no others, begin the turn after them."""
    called: list[str] = []
    for place, (_, blocks) in enumerate(turns):
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        for number, call_id in enumerate(answered):
            if call_id not in called:
                raise invalid(
                    f"messages.{place}.content.{number}: unexpected `tool_use_id` found in"
                    f" `tool_result` blocks: {call_id}. Each `tool_result` block must have a"
                    " corresponding `tool_use` block in the previous message."
                )
        first = [block.get("tool_use_id") for block in blocks[: len(answered)]]
        if missing := [call_id for call_id in called if call_id not in first]:
            raise invalid(
                f"messages.{place - 1}: `tool_use` ids were found without `tool_result` blocks"
                f" immediately after: {', '.join(missing)}. Each `tool_use` block must have a"
                " corresponding `tool_result` block in the next message."
            )
        called = [block["id"] for block in blocks if block["type"] == "tool_use"]


def _as_openai(role: str, blocks: list[Block]) -> list[Json]:
    results = [
        {"role": "tool", "content": _result(block.get("content"))}
        for block in blocks
        if block["type"] == "tool_result"
    ]
    parts = [_part(block) for block in blocks if block["type"] in ("text", "image")]
    if role == "user":
        return [*results, *([{"role": role, "content": parts}] if parts else [])]
    message: Block = {"role": role, "content": "".join(part["text"] for part in parts)}
    if calls := [_call(block) for block in blocks if block["type"] == "tool_use"]:
        message["tool_calls"] = calls
    return [message]


def _part(block: Block) -> Block:
    return block if block["type"] == "text" else {"type": "image_url", "image_url": {}}


def _result(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or ())


def _call(block: Block) -> Json:
    function = {"name": block["name"], "arguments": json.dumps(block["input"])}
    return {"id": block["id"], "type": "function", "function": function}
