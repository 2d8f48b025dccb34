"""Who looks at a page of the public site: somebody signed in, or nobody we know."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest

from accounts.callers import Caller, caller
from accounts.models import User

logger = logging.getLogger(__name__)


def visitor(request: HttpRequest) -> User | None:
    """Who is signed in. Reads the session, and raises the database's errors."""
    return request.user if isinstance(request.user, User) else None


def caller_of(request: HttpRequest) -> Caller:
    """With their data policy and keys of their own; as nobody while the database is away, since
    these pages are for reading."""
    try:
        return caller(visitor(request))
    except DatabaseError:
        logger.warning("The visitor's settings cannot be read", exc_info=True)
        return caller(None)


def user_of(request: HttpRequest) -> User | None:
    """Who is signed in; nobody while the database is away."""
    try:
        return visitor(request)
    except DatabaseError:
        logger.warning("The session cannot be read", exc_info=True)
        return None
