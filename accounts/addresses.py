"""Verified e-mail addresses, for accounts that are made without the code by mail."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from accounts.models import User


def set_verified(user: User) -> None:
    """The user's address needs no code: whoever made this account vouches for it."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
