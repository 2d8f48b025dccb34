"""Messages of a pane are a tree: a question may be asked anew, an answer made anew. A thread is
what leads from its root to one leaf: the branch on screen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openrouter_site.errors import BadRequest
from playground.models import Message


def thread(messages: Iterable[Message], leaf: str) -> list[Message]:
    """From the root to the leaf; empty when there is no such message."""
    rows = {each.pk: each for each in messages}
    found: list[Message] = []
    following: str | None = leaf
    # Taken out once seen: what leads to itself ends too.
    while following is not None and (row := rows.pop(following, None)) is not None:
        found.append(row)
        following = row.parent_id
    return found[::-1]


def newest_leaves(messages: Sequence[Message]) -> list[str]:
    """The newest message of each pane, in the order in which panes were first asked."""
    newest: dict[str, str] = {}
    for each in messages:
        newest[each.pane] = each.pk
    return list(newest.values())


def asked_leaves(messages: Sequence[Message], asked: str, saved: Sequence[str]) -> list[str]:
    """`asked` has ids with commas, else those saved with the chat, else the newest.

    Raises BadRequest for what is no message of this chat.
    """
    there = {each.pk for each in messages}
    wanted = [id for id in asked.split(",") if id]
    if not wanted:
        return [id for id in saved if id in there] or newest_leaves(messages)
    if not there.issuperset(wanted):
        raise BadRequest("leaves must be ids of messages of this chat", {"field": "leaves"})
    return list(dict.fromkeys(wanted))
