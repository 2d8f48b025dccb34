"""The first operator of an instance.

Until there is one nobody can sign up, but whoever has the token that `make run` (or `manage.py
setup_link`) printed on the operator's own terminal can make his account: once.
"""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import SetupToken, User

# Made by `make run` outside production, for trying things out (billing's demo_account command).
DEMO_EMAIL = "demo@example.com"


class NotAllowed(Exception):
    """The token is not, or no more, the one that was printed last."""


class AddressTaken(ValueError):
    """There is an account with this address already."""


def is_needed() -> bool:
    """Nobody operates this instance yet; the demo account does not count."""
    operators = User.objects.filter(is_superuser=True)
    if not settings.PRODUCTION:
        operators = operators.exclude(email=DEMO_EMAIL)
    return not operators.exists()


def new_link() -> str | None:
    """A link to make the first operator with; the one before is worth nothing. None: there is one.

    The token is nowhere else.
    """
    if not is_needed():
        return None
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        SetupToken.objects.all().delete()
        SetupToken.objects.create(digest=_digest(token))
    return f"{settings.SITE_URL}/setup?token={token}"


def is_valid(token: str) -> bool:
    return SetupToken.objects.filter(digest=_digest(token)).exists()


def make_operator(token: str, email: str, password: str) -> User:
    """The first operator's account; raises NotAllowed or AddressTaken.

    Of two at the same time one deletes the row of the token, and the other finds none.
    """
    with transaction.atomic():
        deleted, _ = SetupToken.objects.filter(digest=_digest(token)).delete()
        if not deleted or not is_needed():
            raise NotAllowed
        try:
            with transaction.atomic():
                return User.objects.create_superuser(email, password)
        except IntegrityError:
            raise AddressTaken from None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
