"""Who is signed in, behind `login_required`."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)
