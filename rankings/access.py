"""Who may see rankings (setting RANKINGS).

public      everybody sees all of them
anonymous   everybody sees models, and apps without their names; staff see the names
private     who is signed in sees all of them, nobody else anything
"""

from __future__ import annotations

from django.conf import settings

from accounts.models import User

ANONYMOUS, PRIVATE = "anonymous", "private"


def sees_rankings(user: User | None) -> bool:
    """`user` is who is signed in."""
    return settings.RANKINGS != PRIVATE or user is not None


def tells_app_names() -> bool:
    """Whether whoever sees the rankings sees the names too: also programs, with a key."""
    return settings.RANKINGS != ANONYMOUS


def sees_app_names(user: User | None) -> bool:
    if tells_app_names():
        return sees_rankings(user)
    return user is not None and user.is_staff
