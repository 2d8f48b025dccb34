"""What a message is made of, in whichever form of the API it was said. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parts(content: Any) -> Iterator[dict[str, str]]:
    """`{"type": "text", "text"}` and `{"type": "picture", "url"}`, whatever form it came in."""
    if type(content) is str and content:
        yield {"type": "text", "text": content}
    for part in content if type(content) is list else []:
        if type(part) is not dict:
            continue
        if type(part.get("text")) is str:
            yield {"type": "text", "text": part["text"]}
        image = part.get("image_url")
        if type(image) is dict and type(image.get("url")) is str:
            yield {"type": "picture", "url": image["url"]}


def calls(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and arguments of each tool call."""
    found = message.get("tool_calls")
    for call in found if type(found) is list else []:
        function = call.get("function", call) if type(call) is dict else None
        if type(function) is dict:
            yield str(function.get("name", "")), str(function.get("arguments", ""))


def texts(message: dict[str, Any]) -> list[str]:
    return [part["text"] for part in parts(message.get("content")) if part["type"] == "text"]
