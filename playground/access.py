"""What somebody may get at: what is theirs. Anything else is not there, whoever has it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from openrouter_site.errors import NotFound
from playground import ids
from playground.models import Attachment, Chat


def chats_of(user_id: int) -> QuerySet[Chat]:
    """Without those that wait for Undo."""
    return Chat.objects.filter(user_id=user_id, deleted_at=None)


def chat_of(user_id: int, id: str) -> Chat:
    """Raises NotFound."""
    chat = chats_of(user_id).filter(pk=id).first() if ids.is_id("chat", id) else None
    if chat is None:
        raise NotFound("There is no such chat.")
    return chat


def file_of(user_id: int, id: str) -> Attachment:
    """Without its content; raises NotFound."""
    found = None
    if ids.is_id("file", id):
        is_there = Q(chat=None) | Q(chat__deleted_at=None)
        rows = Attachment.objects.filter(is_there, user_id=user_id, pk=id)
        found = rows.defer("encrypted").first()
    if found is None:
        raise NotFound("There is no such file.")
    return found
