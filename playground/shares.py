"""Links to chats: whoever has one sees the chat as it was then, until its owner takes it back."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from openrouter_site.errors import BadRequest, NotFound, PayloadTooLarge
from playground import snapshots
from playground.models import Attachment, Chat, Share
from playground.sealing import opened, sealed

SHARES_MAX = 500
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_REVOKED_KEPT = timedelta(days=1)


def create(chat: Chat, leaves: str) -> Share:
    """Raises BadRequest for leaves that are not there, PayloadTooLarge for a very long chat."""
    if of_user(chat.user_id).count() >= SHARES_MAX:
        raise BadRequest(f"You have {SHARES_MAX} links, as many as there may be. Revoke some.")
    try:
        snapshot = snapshots.taken(chat, leaves)
    except snapshots.TooLarge:
        raise PayloadTooLarge(
            "This is more than one page can show. Share a shorter branch, or export the chat."
        ) from None
    token = secrets.token_urlsafe(24)
    return Share.objects.create(token=token, chat=chat, encrypted=sealed(snapshot))


def of_user(user_id: int) -> QuerySet[Share]:
    """Those that show something, newest first."""
    return Share.objects.filter(chat__user_id=user_id, chat__deleted_at=None, revoked_at=None)


def visible(token: str) -> Share | None:
    """For whoever has the link: nothing once it is revoked, its chat deleted or its owner gone."""
    if not _TOKEN.fullmatch(token):
        return None
    rows = Share.objects.filter(
        pk=token, revoked_at=None, chat__deleted_at=None, chat__user__is_active=True
    )
    return rows.select_related("chat").first()


def snapshot_of(share: Share) -> dict[str, Any]:
    """See playground.snapshots."""
    return opened(share.encrypted)


def file_in(share: Share, file_id: str) -> Attachment | None:
    """A picture or object that the snapshot shows."""
    if file_id not in snapshot_of(share).get("files", []):
        return None
    return Attachment.objects.filter(pk=file_id, user_id=share.chat.user_id).first()


def revoke(user_id: int, token: str) -> None:
    """At once, and what it showed is gone; raises NotFound."""
    rows = of_user(user_id).filter(pk=token) if _TOKEN.fullmatch(token) else Share.objects.none()
    if not rows.exists():
        raise NotFound("There is no such link.")
    Share.objects.filter(pk=token).update(revoked_at=timezone.now(), encrypted=sealed({}))


def prune() -> int:
    """Nobody misses what shows nothing."""
    old = Share.objects.filter(revoked_at__lt=timezone.now() - _REVOKED_KEPT)
    return old.delete()[0]
