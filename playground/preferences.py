"""What a person set for all chats: favourite models, the next chat, how long chats stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from openrouter_site.errors import BadRequest
from playground import chat_settings
from playground.models import CHAT_DAYS_MAX, Preferences
from playground.sealing import opened, sealed
from playground.votes import is_model

FAVOURITES_MAX = 200


def of(user_id: int) -> dict[str, Any]:
    """`{"favourites", "settings", "chat_days"}`; what was never set is empty."""
    row = Preferences.objects.filter(user_id=user_id).first()
    if row is None:
        return {"favourites": [], "settings": {}, "chat_days": 0}
    return {
        "favourites": row.favourites,
        "settings": opened(row.encrypted).get("settings", {}),
        "chat_days": row.chat_days,
    }


def change(user_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """What is given of the three; raises BadRequest."""
    checked: dict[str, Any] = {name: _CHECKS[name](value) for name, value in changes.items()}
    with transaction.atomic():
        rows = Preferences.objects.select_for_update(no_key=True)
        row, _ = rows.get_or_create(user_id=user_id, defaults={"encrypted": sealed({})})
        row.favourites = checked.get("favourites", row.favourites)
        row.chat_days = checked.get("chat_days", row.chat_days)
        if "settings" in checked:
            row.encrypted = sealed({"settings": checked["settings"]})
        row.save()
    return of(user_id)


def _checked_favourites(value: Any) -> list[str]:
    if type(value) is not list or len(value) > FAVOURITES_MAX or not all(map(is_model, value)):
        raise BadRequest(
            f"favourites must be a list of at most {FAVOURITES_MAX} ids of models",
            {"field": "favourites"},
        )
    return list(dict.fromkeys(value))


def _checked_days(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= CHAT_DAYS_MAX:
        raise BadRequest(
            f"chat_days must be a number from 0 (never) to {CHAT_DAYS_MAX}", {"field": "chat_days"}
        )
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "favourites": _checked_favourites,
    "settings": chat_settings.checked,
    "chat_days": _checked_days,
}
