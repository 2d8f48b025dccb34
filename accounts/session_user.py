"""Who is signed in, by the cookies of a request that Django does not see: sockets, streams."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts.models import User
from openrouter_site.database import orm_connection


def session_key(cookie_header: str) -> str:
    """The session in a Cookie header; "" for none."""
    try:
        cookie = SimpleCookie(cookie_header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def signed_in(key: str) -> User | None:
    """The person of a session that is still open, whose account is. Raises DatabaseError."""
    if not key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    with orm_connection():
        user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None
