"""Google's contents as messages in OpenAI's form, checked as Google does: roles, turns, parts."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from simulator.errors import Refused

Json = dict[str, Any]

_MIME_TYPES = frozenset(
    ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf")
)
_URL_SAFE = str.maketrans("-_", "+/")
_KINDS = ("text", "inlineData", "fileData", "functionCall", "functionResponse")


def messages_of(contents: list[Any], system: Any, *, is_strict: bool) -> list[Json]:
    """`is_strict`: the first generation, whose turns alternate and end with the user."""
    turns = [_turn(content, number) for number, content in enumerate(contents)]
    _check_order(turns, is_strict)
    messages: list[Json] = []
    if system is not None:
        text = _text_of(system if isinstance(system, dict) else {})
        messages.append({"role": "system", "content": text})
    for role, parts in turns:
        messages += _messages(role, parts)
    return messages


def _text_of(content: Json) -> str:
    parts = content.get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    return "\n".join(part.get("text") or "" for part in parts)


def _turn(content: Any, number: int) -> tuple[str, list[Json]]:
    if not isinstance(content, dict):
        raise Refused(400, f"Invalid value at 'contents[{number}]' (Content)")
    role = content.get("role") or "user"
    if role not in ("user", "model", "function"):
        raise Refused(400, "Please use a valid role: user, model.")
    parts = content.get("parts")
    parts = [parts] if isinstance(parts, dict) else parts
    if not isinstance(parts, list) or not parts:
        where = f"GenerateContentRequest.contents[{number}].parts"
        raise Refused(400, f"* {where}: contents.parts must not be empty.\n")
    for place, part in enumerate(parts):
        _check_part(part, f"contents[{number}].parts[{place}]")
    return role, parts


def _check_part(part: Any, place: str) -> None:
    kinds = [kind for kind in _KINDS if isinstance(part, dict) and kind in part]
    if len(kinds) != 1:
        rule = "required oneof field 'data' must have one initialized field"
        raise Refused(400, f"* GenerateContentRequest.{place}.data: {rule}\n")
    value = part[kinds[0]]
    if kinds[0] == "text":
        if not isinstance(value, str):
            raise Refused(400, f"Invalid value at '{place}.text' (TYPE_STRING)")
        if not value:
            raise Refused(
                400,
                "Unable to submit request because it has an empty text parameter. Add a value to"
                " the parameter and try again.",
            )
    elif kinds[0] == "inlineData":
        _check_picture(value, place)
    elif kinds[0] in ("functionCall", "functionResponse"):
        inner = "args" if kinds[0] == "functionCall" else "response"
        if not isinstance(value, dict) or not value.get("name"):
            raise Refused(400, f"* GenerateContentRequest.{place}.name: Name cannot be empty.\n")
        if not isinstance(value.get(inner, {}), dict):
            raise Refused(400, f"Invalid value at '{place}.{inner}' (Struct)")


def _check_picture(value: Any, place: str) -> None:
    value = value if isinstance(value, dict) else {}
    mime_type = value.get("mimeType")
    if mime_type not in _MIME_TYPES:
        raise Refused(400, f"Unsupported MIME type: {mime_type}")
    # Both alphabets are taken, with or without padding; Google's own client sends base64url.
    text = str(value.get("data") or "").rstrip("=").translate(_URL_SAFE)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        message = (
            f"Invalid value at '{place}.inline_data.data' (TYPE_BYTES), Base64 decoding failed"
        )
        raise Refused(400, message) from None
    if not data:
        raise Refused(
            400, "Unable to process input image. Please retry or report in troubleshooting"
        )


def _check_order(turns: list[tuple[str, list[Json]]], is_strict: bool) -> None:
    roles = ["model" if role == "model" else "user" for role, _ in turns]
    if len(turns) == 1 and roles[0] == "model":
        raise Refused(
            400,
            "Please ensure that single turn requests end with a user role or the role field is"
            " empty.",
        )
    if is_strict:
        if roles[-1] == "model":
            raise Refused(
                400,
                "Please ensure that multiturn requests ends with a user role or a function"
                " response.",
            )
        if roles != (["user", "model"] * len(roles))[: len(roles)]:
            raise Refused(
                400, "Please ensure that multiturn requests alternate between user and model."
            )
    called = 0
    for place, (_, parts) in enumerate(turns):
        calls = sum("functionCall" in part for part in parts)
        results = sum("functionResponse" in part for part in parts)
        if calls and (place == 0 or roles[place - 1] == "model"):
            raise Refused(
                400,
                "Please ensure that function call turn comes immediately after a user turn or after"
                " a function response turn.",
            )
        if results and not called:
            raise Refused(
                400,
                "Please ensure that function response turn comes immediately after a function call"
                " turn.",
            )
        if called and results != called:
            raise Refused(
                400,
                "Please ensure that the number of function response parts is equal to the number of"
                " function call parts of the function call turn.",
            )
        called = calls


def _messages(role: str, parts: list[Json]) -> list[Json]:
    if role == "model":
        text = "".join(part.get("text") or "" for part in parts)
        message: Json = {"role": "assistant", "content": text}
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        if calls:
            message["tool_calls"] = [
                {"name": call["name"], "arguments": call.get("args") or {}} for call in calls
            ]
        return [message]
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    messages: list[Json] = [
        {"role": "tool", "content": orjson.dumps(result.get("response") or {}).decode()}
        for result in results
    ]
    seen = [
        {"type": "text", "text": part["text"]} if "text" in part else {"type": "image"}
        for part in parts
        if "functionResponse" not in part
    ]
    return [*messages, {"role": "user", "content": seen}] if seen else messages
