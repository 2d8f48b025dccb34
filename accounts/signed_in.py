"""Whoever is signed in."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def user_of(request: HttpRequest) -> User:
    """Behind `login_required`, which lets nobody else through."""
    user = request.user
    assert isinstance(user, User)
    return user
