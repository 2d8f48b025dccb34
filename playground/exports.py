"""A chat as a file to keep: the branches on screen, as JSON for programs or Markdown to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from playground import contents, costs, trees
from playground.chat_settings import leaves
from playground.models import Chat, Message
from playground.reading import messages_of
from playground.sealing import opened

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_NAME_CHARACTERS_MAX = 60
_BACKTICKS = re.compile(r"`+")


def document(chat: Chat, asked_leaves: str) -> dict[str, Any]:
    """Raises BadRequest for leaves that are not there."""
    said = opened(chat.encrypted)
    settings = said.get("settings", {})
    messages = messages_of(chat)
    spent = costs.by_message(messages)
    panes = {pane.get("id"): pane for pane in settings.get("panes", [])}
    threads = [
        trees.thread(messages, leaf)
        for leaf in trees.asked_leaves(messages, asked_leaves, leaves(settings))
    ]
    shown = {each.pk for thread in threads for each in thread}
    return {
        "title": said.get("title", ""),
        "created_at": _moment(chat.created_at),
        "exported_at": _moment(timezone.now()),
        "system": settings.get("system", ""),
        "tools": settings.get("tools", []),
        "cost": costs.total(spent[pk] for pk in shown),
        "panes": [_pane(thread, panes.get(thread[0].pane, {}), spent) for thread in threads],
    }


def _pane(
    thread: Sequence[Message], settings: dict[str, Any], spent: dict[str, int | None]
) -> dict[str, Any]:
    models = [each.model for each in thread if each.model]
    return {
        "pane": thread[0].pane,
        "model": models[-1] if models else settings.get("model"),
        "parameters": settings.get("parameters", {}),
        "system": settings.get("system"),
        "messages": [_message(each, spent[each.pk]) for each in thread],
    }


def _message(row: Message, cost_nano: int | None) -> dict[str, Any]:
    """As the API takes it, and what is known of it beside."""
    known = {"role": row.role, **opened(row.encrypted)}
    if row.role == Message.Role.ASSISTANT:
        known |= {
            "model": row.model or None,
            "provider": row.provider_name or None,
            "generation": row.generation_id or None,
            "state": row.state,
            "cost": costs.written(cost_nano),
            "figures": row.figures,
            "error": row.error,
        }
    return known | {"created_at": _moment(row.created_at)}


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def file_name(title: str) -> str:
    """Without what a file system or a header might not bear."""
    name = _NOT_IN_NAMES.sub("-", title.lower()).strip("-")[:_NAME_CHARACTERS_MAX].strip("-")
    return name or "chat"


# --- Markdown -------------------------------------------------------------------------------------


def markdown(found: dict[str, Any]) -> str:
    """What `document` found."""
    lines = [f"# {found['title'] or 'Chat'}", "", f"Exported {found['exported_at']}."]
    if found["system"]:
        lines += ["", "## System", "", found["system"]]
    for pane in found["panes"]:
        lines += ["", f"## {pane['model'] or pane['pane']}"]
        if pane["system"]:
            lines += ["", "### System", "", pane["system"]]
        for message in pane["messages"]:
            lines += ["", f"### {_speaker(message)}", "", *_said(message)]
    return "\n".join(lines) + "\n"


def _speaker(message: dict[str, Any]) -> str:
    if message["role"] == Message.Role.USER:
        return "You"
    if message["role"] == Message.Role.TOOL:
        return "Tool result"
    return message["model"] or "Answer"


def _said(message: dict[str, Any]) -> Iterator[str]:
    if reasoning := message.get("reasoning"):
        yield from (f"> {line}".rstrip() for line in str(reasoning).splitlines())
        yield ""
    for part in contents.parts(message.get("content")):
        if part["type"] == "text":
            yield part["text"]
        else:
            yield f"*(picture: {part['url']})*"
    for name, arguments in contents.calls(message):
        yield f"Calls `{name}`:"
        yield from _fenced(arguments)
    if message.get("error"):
        yield f"*Failed: {message['error'].get('message', '')}*"
    elif message.get("state") == Message.State.STOPPED:
        yield "*(stopped)*"
    if message.get("cost") is not None:
        yield f"\n*${message['cost']}*"


def _fenced(text: str) -> list[str]:
    """A fence longer than any in it."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return ["", f"{fence}json", text, fence, ""]
