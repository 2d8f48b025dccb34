"""How a user's own provider keys are made, changed and taken away.

They are encrypted with the machinery of the operator's credentials (catalog.credentials) and shown
by their last four characters. Processes learn of a change as they do of one to an API key: this one
at once, the others within seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, ProviderKey, User
from catalog import credentials
from catalog.models import Provider

KEYS_MAX = 20
_ERROR_CHARACTERS_MAX = 300
# Where Google gives tokens. A service account's document names the address itself, and whoever
# enters one here must not choose whom this server calls.
_TOKEN_ADDRESSES = frozenset(
    {"https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"}
)


@dataclass(slots=True)
class Use:
    """When a key last served a request, and when and how it last failed one."""

    used_at: datetime | None = None
    failed_at: datetime | None = None
    error: str = ""


def of_user(user_id: int) -> list[ProviderKey]:
    """His keys in the order in which they are listed."""
    found = ProviderKey.objects.filter(user_id=user_id).select_related("provider")
    return list(found.order_by("provider__name", "sort_order", "pk"))


def check(secret: str, name: str, provider: Provider) -> None:
    """Whether it could be a key there; raises ValidationError, which does not repeat it."""
    credentials.check(secret, name, provider.auth_kind)
    if secret.startswith("{"):
        document = json.loads(secret)
        address = document.get("token_uri")
        if not isinstance(address, str) or address not in _TOKEN_ADDRESSES:
            raise ValidationError("The token_uri of the service account is not Google's.")
        key_id = document.get("private_key_id", "")
        if not (isinstance(key_id, str) and key_id.isascii() and key_id.isprintable()):
            raise ValidationError("The private_key_id of the service account is none.")


def check_number(user_id: int) -> None:
    """Raises ValidationError when he has as many as he may have."""
    if ProviderKey.objects.filter(user_id=user_id).count() >= KEYS_MAX:
        raise ValidationError(f"A user has at most {KEYS_MAX} provider keys. Delete one first.")


def create(
    user_id: int, provider: Provider, secret: str, fields: Mapping[str, Any], tested: str = ""
) -> ProviderKey:
    """A new key; `fields` are columns of the row, `tested` is what the provider said of the key.

    Raises ValidationError.
    """
    row = ProviderKey(user_id=user_id, provider=provider, **fields)
    _fill(row, secret, tested)
    row.full_clean(validate_unique=False)
    with transaction.atomic():
        # Two requests at once do not get past the limit together.
        User.objects.select_for_update(no_key=True).get(pk=user_id)
        check_number(user_id)
        row.save()
    forget(user_id)
    return row


def _fill(row: ProviderKey, secret: str, tested: str) -> None:
    check(secret, row.name, row.provider)
    credentials.fill_in(row, secret, row.provider.auth_kind)
    if tested:
        row.last_tested_at, row.last_test_result = timezone.now(), tested[:200]


def change(
    row: ProviderKey, fields: Mapping[str, Any], secret: str = "", tested: str = ""
) -> ProviderKey:
    """Other fields, and another secret if there is one. Raises ValidationError."""
    for name, value in fields.items():
        setattr(row, name, value)
    columns = list(fields)
    if secret:
        _fill(row, secret, tested)
        row.last_failed_at, row.last_error = None, ""
        columns += [
            "encrypted", "last_four", "last_tested_at", "last_test_result", "last_failed_at",
            "last_error",
        ]  # fmt: skip
    row.full_clean(validate_unique=False)
    if columns:
        # Somebody may have deleted it while its provider was asked.
        kept = {name: getattr(row, name) for name in columns}
        if not ProviderKey.objects.filter(pk=row.pk).update(**kept):
            raise ProviderKey.DoesNotExist
    forget(row.user_id)
    return row


def delete(row: ProviderKey) -> None:
    row.delete()
    forget(row.user_id)


def note_use(seen: Mapping[int, Use]) -> None:
    """By the id of the key. What several processes saw in the same seconds, the last one tells."""
    for id, use in seen.items():
        fields: dict[str, Any] = {}
        if use.used_at is not None:
            fields["last_used_at"] = use.used_at
        if use.failed_at is not None:
            fields["last_failed_at"] = use.failed_at
            fields["last_error"] = use.error.replace("\0", "")[:_ERROR_CHARACTERS_MAX]
        ProviderKey.objects.filter(pk=id).update(**fields)


def move(row: ProviderKey, *, up: bool) -> None:
    """One place up or down among his keys at the same provider and in the same position."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=row.user_id)
        beside = ProviderKey.objects.filter(
            user_id=row.user_id, provider_id=row.provider_id, position=row.position
        )
        order = list(beside.order_by("sort_order", "pk").values_list("pk", flat=True))
        if row.pk not in order:
            raise ProviderKey.DoesNotExist
        at = order.index(row.pk)
        to = max(0, at - 1) if up else min(len(order) - 1, at + 1)
        order.insert(to, order.pop(at))
        for number, id in enumerate(order):
            ProviderKey.objects.filter(pk=id).update(sort_order=number)
    forget(row.user_id)


def forget(user_id: int) -> None:
    """Drop what this process remembers of the user's API keys, and with them his provider keys."""
    for digest in ApiKey.objects.filter(user_id=user_id).values_list("digest", flat=True):
        keys.forget(digest)
