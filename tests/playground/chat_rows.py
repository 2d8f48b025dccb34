"""Chats, messages and files for the tests of the Playground: functions with defaults."""

from __future__ import annotations

import itertools
import struct
import zlib
from datetime import UTC, datetime, timedelta

from django.test import Client
from sessions import sign_in

from playground import files, ids
from playground.models import Chat, Message
from playground.sealing import sealed

NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)
_seconds = itertools.count(1)


def browser(user=None):
    """A browser, signed in if there is a user."""
    client = Client()
    if user is not None:
        sign_in(client, user)
    return client


def send(client, path, body=None, **how):
    """POST of JSON."""
    return client.post(path, {} if body is None else body, content_type="application/json", **how)


def chat(user, title="A chat", settings=None, updated_at=NOON, **fields):
    return Chat.objects.create(
        id=ids.new("chat"), user=user, updated_at=updated_at,
        encrypted=sealed({"title": title, "settings": settings or {}}), **fields,
    )  # fmt: skip


def message(chat, content="Hello", role="user", parent=None, pane="p1", said=None, **fields):
    """Each is a second younger than the one before."""
    document = said or {"content": content}
    return Message.objects.create(
        id=ids.new("msg"), chat=chat, parent=parent, pane=pane, role=role,
        encrypted=sealed(document), created_at=NOON + timedelta(seconds=next(_seconds)), **fields,
    )  # fmt: skip


def answer(chat, parent, content="Hi!", model="openai/gpt-4o", **fields):
    return message(chat, content, "assistant", parent, parent.pane, model=model, **fields)


def pane(id="p1", model="openai/gpt-4o", **fields):
    return {"id": id, "model": model, "parameters": {}, "leaf": None, **fields}


def png(width=1, height=1, filling=b""):
    """A picture of one colour, as small as can be; `filling` makes it larger."""

    def chunk(name, data):
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", filling)
        + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )  # fmt: skip


def picture(user, chat=None, data=None):
    return files.keep(user.pk, data or png(), "image/png", chat and chat.pk)


def upload(client, data, media_type="image/png"):
    return client.post("/playground/files", data, content_type=media_type)
