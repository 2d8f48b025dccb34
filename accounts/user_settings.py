"""What people set for themselves. Processes learn of it as they do of a change to an API key: this
one at once, the others within settings.KEY_TTL_S."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts import provider_keys
from accounts.models import User


def change(user: User, fields: Mapping[str, Any]) -> None:
    """Set these columns of the user. Raises ValidationError."""
    for name, value in fields.items():
        setattr(user, name, value)
    user.clean_fields(
        exclude={each.name for each in User._meta.concrete_fields if each.name not in fields}
    )
    User.objects.filter(pk=user.pk).update(**fields)
    provider_keys.forget(user.pk)
