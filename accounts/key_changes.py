"""Changing a key, with a note of who, when, what and why. Pages, the API and commands come here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, KeyChange


def change(key: ApiKey, fields: Mapping[str, Any], *, actor: str, reason: str = "") -> bool:
    """Set these fields of the key; False when they were so already.

    Other processes see it within settings.KEY_TTL_S, the ledger at once.
    """
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().get(pk=key.pk)
        what = {
            name: [_shown(getattr(row, name)), _shown(value)]
            for name, value in fields.items()
            if getattr(row, name) != value
        }
        if what:
            now = timezone.now()
            ApiKey.objects.filter(pk=row.pk).update(**fields, updated_at=now)
            key.updated_at = now
            note(row, what, actor=actor, reason=reason)
    for name, value in fields.items():
        setattr(key, name, value)
    keys.forget(key.digest)
    # Inside a transaction of the caller, whoever asks until its end remembers what was before.
    transaction.on_commit(partial(keys.forget, key.digest))
    return bool(what)


def delete(key: ApiKey, *, actor: str, reason: str = "") -> None:
    """Disable it for ever. The row stays, because what it spent is part of the books."""
    fields = {"disabled": True, "deleted_at": timezone.now()}
    change(key, fields, actor=actor, reason=reason)


def note(key: ApiKey, what: Mapping[str, list[Any]], *, actor: str, reason: str = "") -> None:
    """Add a line to the key's history: each field with its old and its new value."""
    KeyChange.objects.create(key=key, actor=actor[:120], what=what, reason=reason[:200])


def _shown(value: Any) -> Any:
    """As JSON has it."""
    return value if isinstance(value, bool | str | list | None) else str(value)
