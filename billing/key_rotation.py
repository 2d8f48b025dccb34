"""A new key in the place of an old one, which goes on for a while or ends at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts import key_changes
from accounts.key_values import NAME_CHARACTERS_MAX
from accounts.models import ApiKey
from billing import key_creation
from billing.models import KeyBudget

_OLD = " (old)"


def rotate(
    old: ApiKey, overlap: timedelta, now: datetime, *, actor: str, form_token: str = ""
) -> tuple[ApiKey, str]:
    """The new row and its key, with all that was set for the old one; its limit counts from zero.

    The old one is called "(old)" and ends after the overlap, or when it would have ended before;
    without an overlap it is deleted. Raises Conflict, key_creation.MadeAlready.
    """
    budget = KeyBudget.objects.filter(pk=old.pk).first() or KeyBudget()
    with transaction.atomic():
        row, key = key_creation.create(
            old.user_id,
            old.name,
            actor=actor,
            limit_nano=budget.limit_nano,
            period=budget.period,
            expires_at=old.expires_at,
            allowed_models=old.allowed_models or (),
            app_origin=old.app_origin,
            is_management=old.is_management,
            member=old.member,
            form_token=form_token,
        )
        reason = f"Replaced by {row.label}."
        if overlap:
            key_changes.change(old, _ending(old, now + overlap), actor=actor, reason=reason)
        else:
            key_changes.delete(old, actor=actor, reason=reason)
    return row, key


def _ending(old: ApiKey, end: datetime) -> dict[str, object]:
    kept = old.name if old.name.endswith(_OLD) else old.name[: NAME_CHARACTERS_MAX - len(_OLD)]
    return {
        "name": kept if kept.endswith(_OLD) else f"{kept}{_OLD}",
        "expires_at": end if old.expires_at is None else min(old.expires_at, end),
    }
