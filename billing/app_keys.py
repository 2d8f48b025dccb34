"""Keys that apps get by their users' consent: the exchange of a code, and what ends them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts import challenges, key_changes, keys, pkce
from accounts.models import ApiKey, AuthCode
from billing import key_creation
from billing.models import KeyBudget


def exchange(code: str, verifier: str, method: str) -> tuple[ApiKey, str]:
    """The key that a code is good for, made now. Of any number of exchanges one succeeds.

    Raises Forbidden (with metadata.reason), BadRequest for another method than the code was asked
    for with, or Conflict.
    """
    found = pkce.find(code)
    challenges.check_method(method, found.method)
    # Either all of it is committed, or the code is still good.
    with transaction.atomic():
        refusal = pkce.claim(found, verifier)
        if refusal is None:
            return _made(found)
    raise refusal


def _made(code: AuthCode) -> tuple[ApiKey, str]:
    row, key = key_creation.create(
        code.user_id,
        code.key_label,
        limit_nano=code.limit_nano,
        period=code.period,
        expires_at=code.key_expires_at,
        app_origin=code.app_origin,
        actor=f"app:{code.app_origin}",
    )
    pkce.note_key(code, row)
    if code.replaces:
        # After the new one: accounts are locked before keys everywhere (billing.batch).
        older = of_app(code.user_id, code.app_origin).exclude(pk=row.pk)
        _end(older, f"app:{code.app_origin}", "Replaced by a new key of the app.")
    return row, key


def limit_of(key: ApiKey) -> int | None:
    """What the key may spend in all or in each period; None: no limit."""
    return KeyBudget.objects.filter(pk=key.pk).values_list("limit_nano", flat=True).first()


def of_app(user_id: int, origin: str) -> QuerySet[ApiKey]:
    """The keys that the user granted this app and did not revoke."""
    # Of no app are the keys that the user made for himself.
    return keys.of_user(user_id).exclude(app_origin="").filter(app_origin=origin)


def revoke(user_id: int, origin: str, *, actor: str) -> int:
    """End all keys of an app: how many. The next request with one of them is refused."""
    return _end(of_app(user_id, origin), actor, "The app was disconnected.")


def _end(found: QuerySet[ApiKey], actor: str, reason: str) -> int:
    rows = list(found.order_by("pk"))
    for row in rows:
        key_changes.delete(row, actor=actor, reason=reason)
    return len(rows)
