"""What the Playground keeps of a person, as files of the zip of all their data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import orjson

from accounts.models import User
from openrouter_site.errors import NotFound
from playground import files as kept_files
from playground import preferences, reading
from playground.models import Attachment, Chat, Share, Vote

ABOUT = """playground/         chats of the Playground (one a line) with their pictures and objects,
                    links to them, votes and preferences
"""

File = tuple[str, list[str] | list[bytes] | Iterator[str] | Iterator[bytes]]


def files(user: User) -> Iterator[File]:
    yield "playground/chats.jsonl", _chats(user.pk)
    yield "playground/preferences.json", [_line(preferences.of(user.pk))]
    yield "playground/links.jsonl", _links(user.pk)
    yield "playground/votes.jsonl", _votes(user.pk)
    yield from _attachments(user.pk)


def _chats(user_id: int) -> Iterator[str]:
    """Also those that wait to be pruned; one in memory at a time."""
    for id in list(Chat.objects.filter(user_id=user_id).values_list("pk", flat=True)):
        if chat := Chat.objects.filter(pk=id).first():
            yield _line(reading.described(chat))


def _links(user_id: int) -> Iterator[str]:
    for share in Share.objects.filter(chat__user_id=user_id).defer("encrypted"):
        yield _line({"token": share.pk, "chat": share.chat_id, "created_at": share.created_at,
                     "revoked_at": share.revoked_at})  # fmt: skip


def _votes(user_id: int) -> Iterator[str]:
    for vote in Vote.objects.filter(user_id=user_id):
        yield _line({"id": vote.pk, "at": vote.at, "models": vote.model_ids,
                     "outcome": vote.outcome, "best": vote.best or None})  # fmt: skip


def _attachments(user_id: int) -> Iterator[File]:
    for id in list(Attachment.objects.filter(user_id=user_id).values_list("pk", flat=True)):
        if file := Attachment.objects.filter(pk=id).first():
            name = f"playground/files/{file.pk}.{kept_files.suffix(file)}"
            yield name, _content(file)


def _content(file: Attachment) -> Iterator[bytes]:
    with contextlib.suppress(NotFound):
        yield kept_files.content(file)


def _line(value: Any) -> str:
    return orjson.dumps(value).decode() + "\n"
