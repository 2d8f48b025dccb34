"""Who may see rankings (setting RANKINGS).

public      everybody sees all of them
anonymous   everybody sees models, and apps without their names; staff see the names
private     who is signed in sees all of them, nobody else anything
"""

from __future__ import annotations

from django.conf import settings

from accounts.models import User

PUBLIC, ANONYMOUS, PRIVATE = "public", "anonymous", "private"
CHOICES = (PUBLIC, ANONYMOUS, PRIVATE)


def sees_rankings(user: User | None) -> bool:
    """`user` is who is signed in."""
    return settings.RANKINGS != PRIVATE or user is not None


def sees_app_names(user: User | None) -> bool:
    if settings.RANKINGS == ANONYMOUS:
        return user is not None and user.is_staff
    return sees_rankings(user)
