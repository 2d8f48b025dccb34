"""Chats: made, listed, renamed, deleted, and for ten minutes restored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from openrouter_site.errors import BadRequest, Conflict, NotFound
from playground import ids
from playground.access import chats_of
from playground.models import Chat
from playground.sealing import opened, sealed

CHATS_MAX = 10_000
TITLE_CHARACTERS_MAX = 200
UNDO = timedelta(minutes=10)
PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,16})_(chat-[A-Za-z0-9]{22})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def create(user_id: int, id: str, title: str, settings: dict[str, Any]) -> Chat:
    """The same again is the chat that there is. Raises Conflict for an id that is taken."""
    if mine := chats_of(user_id).filter(pk=id).first():
        return mine
    if Chat.objects.filter(user_id=user_id).count() >= CHATS_MAX:
        raise BadRequest(
            f"You have {CHATS_MAX:,} chats, which is as many as are kept. Delete some."
        )
    encrypted = sealed({"title": title, "settings": settings})
    try:
        with transaction.atomic():
            return Chat.objects.create(
                id=id, user_id=user_id, encrypted=encrypted, updated_at=timezone.now()
            )
    except IntegrityError:
        if mine := chats_of(user_id).filter(pk=id).first():
            return mine
        raise Conflict("This id is taken: make another one.", {"field": "id"}) from None


def change(user_id: int, id: str, changes: dict[str, Any]) -> None:
    """`title` and `settings`, what is given of them; raises NotFound."""
    with transaction.atomic():
        rows = chats_of(user_id).select_for_update(no_key=True)
        chat = rows.filter(pk=id).first() if ids.is_id("chat", id) else None
        if chat is None:
            raise NotFound("There is no such chat.")
        chat.encrypted = sealed(opened(chat.encrypted) | changes)
        chat.save(update_fields=["encrypted"])


def delete(chat: Chat) -> None:
    """It is gone for everybody; `restore` brings it back, until it is pruned."""
    Chat.objects.filter(pk=chat.pk).update(deleted_at=timezone.now())


def restore(user_id: int, id: str) -> Chat:
    """Raises NotFound when that was too long ago."""
    found = None
    if ids.is_id("chat", id):
        rows = Chat.objects.filter(user_id=user_id, pk=id, deleted_at__gte=timezone.now() - UNDO)
        if rows.update(deleted_at=None):
            found = Chat.objects.get(pk=id)
    if found is None:
        raise NotFound("There is no such chat.")
    return found


def page(user_id: int, cursor: str) -> tuple[list[Chat], str | None]:
    """The newest after `cursor`, and the cursor of the next page. Raises BadRequest."""
    rows = chats_of(user_id)
    if cursor:
        match = _CURSOR.fullmatch(cursor)
        if match is None:
            raise BadRequest("after must be what `next` was", {"field": "after"})
        at = _EPOCH + timedelta(microseconds=int(match[1]))
        rows = rows.filter(Q(updated_at__lt=at) | Q(updated_at=at, pk__lt=match[2]))
    found = list(rows[: PAGE + 1])
    return found[:PAGE], _cursor(found[PAGE - 1]) if len(found) > PAGE else None


def _cursor(chat: Chat) -> str:
    return f"{(chat.updated_at - _EPOCH) // timedelta(microseconds=1)}_{chat.pk}"


def title_of(chat: Chat) -> str:
    return str(opened(chat.encrypted).get("title", ""))


def listed(chats: Iterable[Chat]) -> list[dict[str, Any]]:
    return [
        {"id": chat.pk, "title": title_of(chat), "updated_at": chat.updated_at.isoformat()}
        for chat in chats
    ]


def checked_title(value: Any) -> str:
    """On one line, without control characters; raises BadRequest."""
    if type(value) is not str:
        raise BadRequest("title must be a text", {"field": "title"})
    title = " ".join(_CONTROL.sub(" ", value).split())
    if len(title) > TITLE_CHARACTERS_MAX:
        raise BadRequest(
            f"title must be at most {TITLE_CHARACTERS_MAX} characters", {"field": "title"}
        )
    return title
