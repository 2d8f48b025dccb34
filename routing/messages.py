"""Messages: roles, content, images and tool calls, checked in one pass that also weighs them.

A message that has only a role and a text is kept as it came; any other is rebuilt from its known
keys, so what the caller invented reaches no provider. `reasoning_details` are a provider's own and
go back to it unread. Source: seed, section Request Body.
"""

from __future__ import annotations

from typing import Any

import orjson

from openrouter_site.errors import BadRequest
from routing.addresses import public_url
from routing.parameters import invalid, one_of, text
from routing.pictures import BadPicture, checked_data_url

Message = dict[str, Any]

INPUT_REQUIRED = 'Input required: specify "prompt" or "messages"'
MESSAGES_MAX = 10_000
PARTS_MAX = 1_000
TOOL_CALLS_MAX = 128
ROLES = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "developer": "system",
}
PLAIN_ROLES = ("user", "assistant", "system")
IMAGE_DATA = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "webp"))
IMAGE_URL_RULE = (
    "must be a public http:// or https:// URL, or begin with data:image/png;base64, "
    "data:image/jpeg;base64, or data:image/webp;base64,"
)

_detail = one_of("auto", "low", "high")
_name = text(64)
_ttl = one_of("5m", "1h")


class Weight:
    """What the messages read so far weigh, and the calls that a tool message may answer."""

    __slots__ = ("image_count", "text_bytes", "tool_call_ids")

    def __init__(self) -> None:
        self.text_bytes = 0
        self.image_count = 0
        self.tool_call_ids: set[str] = set()

    def add(self, words: str) -> str:
        self.text_bytes += text_size(words)
        return words


def text_size(words: str) -> int:
    """UTF-8 bytes: never fewer than the tokens of a byte-level tokenizer."""
    return len(words) if words.isascii() else len(words.encode())


def parse_messages(messages: Any) -> tuple[tuple[Message, ...], int, int]:
    """The checked messages, the UTF-8 bytes of their words, the number of their images.

    Raises BadRequest naming the message and key, as in messages[2].tool_call_id.
    """
    if type(messages) is not list or not 1 <= len(messages) <= MESSAGES_MAX:
        raise BadRequest(
            f"{INPUT_REQUIRED} (messages must be an array of 1 to {MESSAGES_MAX} messages)",
            {"field": "messages"},
        )
    weight: Weight | None = None
    text_bytes = 0
    for index, message in enumerate(messages):
        if (
            type(message) is dict
            and len(message) == 2
            and type(words := message.get("content")) is str
            and message.get("role") in PLAIN_ROLES
        ):
            # This is text_size without the call: most messages of most requests pass here.
            text_bytes += len(words) if words.isascii() else len(words.encode())
            continue
        if weight is None:
            weight = Weight()
        messages[index] = _message(message, f"messages[{index}]", weight)
    if weight is None:
        return tuple(messages), text_bytes, 0
    return tuple(messages), text_bytes + weight.text_bytes, weight.image_count


def _message(message: Any, where: str, weight: Weight) -> Message:
    if type(message) is not dict:
        raise invalid(where, "must be an object with role and content")
    role = message.get("role")
    if type(role) is not str or role not in ROLES:
        raise invalid(f"{where}.role", f"must be one of {', '.join(ROLES)}")
    role = ROLES[role]
    checked: Message = {"role": role, "content": None}
    if role == "assistant":
        checked |= _assistant(message, where, weight)
    elif role == "tool":
        checked["tool_call_id"] = _answered_call(message, where, weight)
    may_be_silent = role == "assistant" and len(checked) > 2
    if message.get("name") is not None:
        checked["name"] = weight.add(_name(f"{where}.name", message["name"]))
    content = message.get("content")
    if type(content) is str:
        checked["content"] = weight.add(content)
    elif type(content) is list:
        checked["content"] = _parts(content, f"{where}.content", role, weight)
    elif content is not None or not may_be_silent:
        raise invalid(
            f"{where}.content",
            "must be a string or an array of parts; null only beside an assistant's tool_calls",
        )
    return checked


def _parts(content: list[Any], where: str, role: str, weight: Weight) -> str | list[Message]:
    """The parts of a user, and of a system prompt with marks for a cache (Anthropic's); of any
    other their text, to which nothing is added."""
    if not 1 <= len(content) <= PARTS_MAX:
        raise invalid(where, f"must have 1 to {PARTS_MAX} parts")
    parts = [_part(part, f"{where}[{i}]", role, weight) for i, part in enumerate(content)]
    if role == "user" or role == "system" and any("cache_control" in part for part in parts):
        return parts
    return "".join(part["text"] for part in parts)


def _part(part: Any, where: str, role: str, weight: Weight) -> Message:
    kind = part.get("type") if type(part) is dict else None
    if kind == "text":
        if type(part.get("text")) is not str:
            raise invalid(f"{where}.text", "must be a string")
        checked: Message = {"type": kind, "text": weight.add(part["text"])}
    elif kind == "image_url" and role == "user":
        weight.image_count += 1
        checked = {"type": kind, kind: _image(part.get(kind), f"{where}.{kind}")}
    elif role == "user":
        raise invalid(where, 'must have the type "text" or "image_url"')
    else:
        raise invalid(where, 'must have the type "text"; only user messages take images')
    if (cache_control := part.get("cache_control")) is not None:
        checked["cache_control"] = _cache_control(cache_control, f"{where}.cache_control")
    return checked


def _cache_control(value: Any, where: str) -> Message:
    if type(value) is not dict or value.get("type") != "ephemeral":
        raise invalid(where, 'must be {"type": "ephemeral"}, with "ttl" of "5m" or "1h" if any')
    if value.get("ttl") is None:
        return {"type": "ephemeral"}
    return {"type": "ephemeral", "ttl": _ttl(f"{where}.ttl", value["ttl"])}


def _image(image: Any, where: str) -> Message:
    if type(image) is not dict:
        raise invalid(where, "must be an object with url")
    url = image.get("url")
    if type(url) is not str or not url.isascii():
        raise invalid(f"{where}.url", IMAGE_URL_RULE)
    if url[:32].lower().startswith(IMAGE_DATA):
        try:
            url = checked_data_url(url)
        except BadPicture as error:
            raise invalid(f"{where}.url", f"must be {error}") from None
    elif public_url(url) is None:
        # We fetch it at most for a provider that takes bytes only (routing.fetching); any other
        # provider fetches it itself, and one can stand in our own network.
        raise invalid(f"{where}.url", IMAGE_URL_RULE)
    if image.get("detail") is None:
        return {"url": url}
    return {"url": url, "detail": _detail(f"{where}.detail", image["detail"])}


def _assistant(message: Message, where: str, weight: Weight) -> Message:
    """What only an assistant's message has, so that a reply can be sent back as it was given."""
    checked: Message = {}
    for key in ("reasoning", "refusal"):
        if (words := message.get(key)) is not None:
            if type(words) is not str:
                raise invalid(f"{where}.{key}", "must be a string")
            checked[key] = weight.add(words)
    if details := message.get("reasoning_details"):
        if type(details) is not list or not all(type(detail) is dict for detail in details):
            raise invalid(f"{where}.reasoning_details", "must be an array of objects")
        weight.text_bytes += len(orjson.dumps(details))
        checked["reasoning_details"] = details
    if (call := message.get("function_call")) is not None:
        checked["function_call"] = _function(call, f"{where}.function_call", weight)
    if (calls := message.get("tool_calls")) is not None:
        if type(calls) is not list or len(calls) > TOOL_CALLS_MAX:
            raise invalid(f"{where}.tool_calls", f"must be an array of at most {TOOL_CALLS_MAX}")
        if calls:
            at = f"{where}.tool_calls"
            checked["tool_calls"] = [_call(c, f"{at}[{i}]", weight) for i, c in enumerate(calls)]
    return checked


def _call(call: Any, where: str, weight: Weight) -> Message:
    if type(call) is not dict or call.get("type") not in (None, "function"):
        raise invalid(where, 'must be {"id": ..., "type": "function", "function": {...}}')
    call_id = call.get("id")
    if type(call_id) is not str or not call_id:
        raise invalid(f"{where}.id", "must be a string of at least one character")
    weight.tool_call_ids.add(weight.add(call_id))
    function = _function(call.get("function"), f"{where}.function", weight)
    return {"id": call_id, "type": "function", "function": function}


def _function(function: Any, where: str, weight: Weight) -> Message:
    if type(function) is not dict:
        raise invalid(where, "must be an object with name and arguments")
    name, arguments = function.get("name"), function.get("arguments")
    if type(name) is not str or not name:
        raise invalid(f"{where}.name", "must be a string of at least one character")
    if type(arguments) is not str:
        raise invalid(f"{where}.arguments", "must be a string of JSON")
    return {"name": weight.add(name), "arguments": weight.add(arguments)}


def _answered_call(message: Message, where: str, weight: Weight) -> str:
    call_id = message.get("tool_call_id")
    if type(call_id) is str and call_id in weight.tool_call_ids:
        return weight.add(call_id)
    raise invalid(
        f"{where}.tool_call_id", "must be the id of a tool call in an earlier assistant message"
    )
