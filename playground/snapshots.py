"""What a link shows of a chat: the branches on screen, as they are when it is made.

Rendered once, so that whoever has the link costs little. Nothing in it says who asked, what it
cost, or by which key; system prompts and tools are not part of it either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from playground import contents, exports
from playground.models import Chat, Message
from playground.share_markdown import code, picture_link, plain, rendered

HTML_CHARACTERS_MAX = 2 * 1024 * 1024
_FILE = re.compile(r"(?:attachment:|/playground/files/)(file-[A-Za-z0-9]{22})")


class TooLarge(Exception):
    """More than one page should show."""


class _Room:
    """What is left of a page; nothing more is rendered once it is full."""

    def __init__(self) -> None:
        self._characters = HTML_CHARACTERS_MAX

    def taken_by(self, message: dict[str, Any]) -> dict[str, Any]:
        self._characters -= len(message["html"]) + len(message["reasoning"])
        if self._characters < 0:
            raise TooLarge
        return message


def taken(chat: Chat, leaves: str) -> dict[str, Any]:
    """`{"title", "panes": [{"model", "messages": [...]}], "files": [ids]}`.

    Raises BadRequest for leaves that are not there, TooLarge.
    """
    found = exports.document(chat, leaves)
    room = _Room()
    panes: list[dict[str, Any]] = [
        {
            "model": pane["model"] or "",
            "messages": [room.taken_by(_message(message)) for message in pane["messages"]],
        }
        for pane in found["panes"]
    ]
    messages = [message for pane in panes for message in pane["messages"]]
    files = {id for message in messages for id in (*message["pictures"], *message["objects"])}
    return {"title": found["title"], "panes": panes, "files": sorted(files)}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    pictures = [file for part in contents.parts(message.get("content")) for file in _file(part)]
    reasoning = message.get("reasoning")
    error = message.get("error") or {}
    return {
        "role": message["role"],
        "model": message.get("model") or "",
        "state": message.get("state", Message.State.DONE),
        "html": "".join(_html(message)),
        "reasoning": rendered(reasoning) if type(reasoning) is str and reasoning else "",
        "pictures": pictures,
        "objects": _objects(message),
        "error": str(error.get("message", "")) if type(error) is dict else "",
    }


def _html(message: dict[str, Any]) -> Iterator[str]:
    """A question is shown as it was typed, an answer as it was meant."""
    is_answer = message["role"] == Message.Role.ASSISTANT
    for part in contents.parts(message.get("content")):
        if part["type"] == "text":
            yield rendered(part["text"]) if is_answer else plain(part["text"])
        elif not _file(part):
            yield f"<p>{picture_link(part['url'], '')}</p>"
    for name, arguments in contents.calls(message):
        yield rendered(f"Calls `{name.replace('`', '')}`:")
        yield code(arguments, "json")


def _file(part: dict[str, str]) -> list[str]:
    """The id of a picture that lies here."""
    match = _FILE.fullmatch(part.get("url", ""))
    return [match[1]] if match else []


def _objects(message: dict[str, Any]) -> list[str]:
    objects = (message.get("figures") or {}).get("objects")
    found = [each for each in objects if type(each) is dict] if type(objects) is list else []
    return [id for each in found for id in _file({"url": str(each.get("url", ""))})]
