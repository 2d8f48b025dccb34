"""Shutting somebody out at once: sessions, keys, whatever they have open."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q

from accounts import keys
from accounts.models import ApiKey, User


def deactivate(user: User) -> None:
    """No session of theirs lives on, and none of their keys: here at once, and in other processes
    at the next hold (the ledger asks whether the user is active).

    Keys are not deleted: whoever is let in again has them as before, and signs in anew.
    """
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        user.is_active = False
        end_sessions(user)
    theirs = ApiKey.objects.filter(Q(user=user) | Q(member__user=user))
    for digest in theirs.values_list("digest", flat=True):
        keys.forget(digest)


def end_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()
