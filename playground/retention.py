"""What goes by itself: chats after the time for Undo, or when their owner wants none so old; files
that no chat has. Everything here is safe to run twice, and in pieces."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from playground.chats import UNDO
from playground.models import Attachment, Chat, Preferences

FILES_WITHOUT_CHAT_KEPT = timedelta(days=1)
_ROWS_AT_ONCE = 100


def prune_deleted() -> int:
    """Chats that nobody brings back any more."""
    return _deleted(Chat.objects.filter(deleted_at__lt=timezone.now() - UNDO))


def prune_old() -> int:
    """Chats that nobody used for as long as their owner said."""
    wanted = Preferences.objects.filter(chat_days__gt=0)
    return sum(
        _deleted(
            Chat.objects.filter(
                user__playground__chat_days=days,
                updated_at__lt=timezone.now() - timedelta(days=days),
            )
        )
        for days in set(wanted.values_list("chat_days", flat=True))
    )


def prune_files() -> int:
    """Files of temporary chats, and those that were never sent."""
    old = timezone.now() - FILES_WITHOUT_CHAT_KEPT
    return _deleted(Attachment.objects.filter(chat=None, created_at__lt=old))


def _deleted(rows: QuerySet[Any]) -> int:
    """How many, without what hangs on them."""
    total = 0
    while ids := list(rows.values_list("pk", flat=True)[:_ROWS_AT_ONCE]):
        rows.model._default_manager.filter(pk__in=ids).delete()
        total += len(ids)
    return total
