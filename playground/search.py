"""Chats by the words of their title, or of what was said in the newest messages.

Everything is encrypted, so the database cannot look for it: it is read here, within bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground import chats
from playground.access import chats_of
from playground.contents import texts
from playground.models import Chat, Message
from playground.sealing import opened

WORDS_CHARACTERS_MAX = 200
FOUND_MAX = 100
MESSAGES_MAX = 5_000
# As encrypted; what is beyond was said long ago.
BYTES_MAX = 32 * 1024 * 1024
_CHATS_MAX = 5_000
_ROWS_AT_ONCE = 200


def search(user_id: int, words: str) -> list[Chat]:
    """The newest chats in which all words stand together, in any case."""
    wanted = " ".join(words[:WORDS_CHARACTERS_MAX].casefold().split())
    newest = list(chats_of(user_id)[:_CHATS_MAX])
    found = {chat.pk for chat in newest if wanted in chats.title_of(chat).casefold()}
    found |= _said(user_id, wanted, found)
    return [chat for chat in newest if chat.pk in found][:FOUND_MAX]


def _said(user_id: int, wanted: str, known: set[str]) -> set[str]:
    """The chats, besides those known already, where it was said."""
    found: set[str] = set()
    for chat_id, encrypted in _newest(user_id, known):
        if chat_id not in found and wanted in _words(opened(encrypted)):
            found.add(chat_id)
    return found


def _newest(user_id: int, known: set[str]) -> Iterator[tuple[str, str]]:
    rows = Message.objects.filter(chat__user_id=user_id, chat__deleted_at=None)
    newest = rows.order_by("-created_at", "-pk").values_list("pk", "chat_id")[:MESSAGES_MAX]
    ids = [pk for pk, chat_id in newest if chat_id not in known]
    size = 0
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        some = Message.objects.filter(pk__in=ids[start : start + _ROWS_AT_ONCE])
        for chat_id, encrypted in some.order_by("-created_at").values_list("chat_id", "encrypted"):
            yield chat_id, encrypted
            size += len(encrypted)
        if size > BYTES_MAX:
            return


def _words(message: dict[str, Any]) -> str:
    return " ".join(" ".join(texts(message)).casefold().split())
