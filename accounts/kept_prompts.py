"""Prompts and answers that an account wants kept: stored encrypted, read, erased, pruned.

Whoever turns it off or erases is obeyed at once, whatever still waits to be written
(routing.prompt_log): `store` looks at the account in the transaction in which it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from accounts.models import KeptPrompt, User
from catalog import encryption

_ROWS_AT_ONCE = 500
# Each may be as long as a request.
_PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to keep. `document` is JSON."""

    generation_id: str
    user_id: int
    created_at: datetime
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of one request: `messages` or `prompt`, `answer`, and what came beside it."""

    generation_id: str
    created_at: datetime
    document: dict[str, Any]


def store(entries: Sequence[Entry]) -> int:
    """How many were written: those of accounts that want it at this moment."""
    rows = [(entry, encryption.encrypt(orjson.dumps(entry.document).decode())) for entry in entries]
    with transaction.atomic():
        users = User.objects.select_for_update(no_key=True).filter(
            pk__in={entry.user_id for entry in entries}, log_prompts=True, closed_at=None
        )
        erased_at = dict(users.order_by("pk").values_list("pk", "prompts_erased_at"))
        wanted = [
            KeptPrompt(
                generation_id=entry.generation_id,
                user_id=entry.user_id,
                created_at=entry.created_at,
                encrypted=encrypted,
            )
            for entry, encrypted in rows
            if entry.user_id in erased_at
            and not ((at := erased_at[entry.user_id]) and entry.created_at <= at)
        ]
        KeptPrompt.objects.bulk_create(wanted, ignore_conflicts=True)
    return len(wanted)


def read(user_id: int, generation_id: str) -> Kept | None:
    """What was said in this request of the account; None when nothing is kept of it.

    Whether whoever asks may see it is for the caller to know: the owner of the account, or the
    member whose own request it was.
    """
    found = _current(user_id).filter(generation_id=generation_id).first()
    return None if found is None else _decrypted(found)


def all_of(user_id: int) -> Iterator[Kept]:
    """Everything that is kept for the account, oldest first, a page in memory at a time."""
    rows = _current(user_id).order_by("created_at", "generation_id")
    last: KeptPrompt | None = None
    while True:
        following = rows
        if last is not None:
            later = rows.filter(created_at__gt=last.created_at)
            same = rows.filter(created_at=last.created_at, generation_id__gt=last.generation_id)
            following = (later | same).order_by("created_at", "generation_id")
        page = list(following[:_PAGE_ROWS])
        for row in page:
            if (kept := _decrypted(row)) is not None:
                yield kept
        if len(page) < _PAGE_ROWS:
            return
        last = page[-1]


def count(user_id: int) -> int:
    return int(_current(user_id).count())


def erase(user_id: int) -> int:
    """Everything that is kept, and what still waits to be: how many rows there were."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        User.objects.filter(pk=user_id).update(prompts_erased_at=timezone.now())
        deleted, _ = KeptPrompt.objects.filter(user_id=user_id).delete()
    return deleted


def prune() -> int:
    """Delete what is older than its account wants. Safe to run twice, and in pieces."""
    kept = User.objects.filter(kept_prompts__isnull=False)
    total = 0
    for days in set(kept.values_list("prompt_days", flat=True)):
        old = KeptPrompt.objects.filter(user__prompt_days=days, created_at__lt=_begin(days))
        while ids := list(old.values_list("pk", flat=True)[:_ROWS_AT_ONCE]):
            deleted, _ = KeptPrompt.objects.filter(pk__in=ids).delete()
            total += deleted
            if len(ids) < _ROWS_AT_ONCE:
                break
    return total


def _begin(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _current(user_id: int) -> Any:
    """Without what is too old and only waits to be pruned."""
    days = User.objects.filter(pk=user_id).values_list("prompt_days", flat=True).first() or 0
    return KeptPrompt.objects.filter(user_id=user_id, created_at__gte=_begin(days))


def _decrypted(row: KeptPrompt) -> Kept | None:
    """None when the key it was encrypted with is gone."""
    try:
        document = orjson.loads(encryption.decrypt(row.encrypted))
    except (encryption.Unreadable, orjson.JSONDecodeError):
        return None
    return Kept(row.generation_id, row.created_at, document)
