"""What dialects read out of messages and answers alike. Pure."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]

# Of a request, and of JSON that stands in its texts.
DEPTH_MAX = 64
# More than any answer has; the columns of the record end a little above it.
_TOKENS_MAX = 2_000_000_000


def named(message: Message) -> Message:
    """The message with its `name` before its text, for models that know no names (seed)."""
    name = message.get("name")
    if not name or message["role"] == "tool":
        return message
    content = message.get("content")
    renamed = {key: value for key, value in message.items() if key != "name"}
    if isinstance(content, str):
        renamed["content"] = f"{name}: {content}"
    elif content:
        renamed["content"] = [{"type": "text", "text": f"{name}: "}, *content]
    return renamed


def texts(message: Message) -> str:
    """All its text, without pictures."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def images(message: Message) -> list[str]:
    """The URLs of its pictures, in order."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def split_data_url(url: str) -> tuple[str, str]:
    """`data:image/png;base64,AAAA` as its media type and its base64; ValueError for any other."""
    head, comma, data = url.partition(",")
    scheme, colon, media_type = head.partition(":")
    kind, semicolon, encoding = media_type.partition(";")
    if scheme.lower() != "data" or encoding.lower() != "base64" or not (comma and colon and kind):
        raise ValueError("not a base64 data URL")
    return kind.lower(), data


def nests_deeper(value: Any, most: int = DEPTH_MAX) -> bool:
    """Whether JSON nests deeper than requests may. Level by level and without recursion: what is
    deep must not become a deep stack, and orjson writes fewer levels than it reads."""
    level = [value]
    for _ in range(most):
        level = [
            item
            for parent in level
            if isinstance(parent, dict | list)
            for item in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


def figure(value: Any) -> int | None:
    """A number of tokens; None for what cannot be one (and would not fit into the record)."""
    return value if type(value) is int and 0 <= value <= _TOKENS_MAX else None
