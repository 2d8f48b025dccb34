"""Becoming a member of an account, with the budget that the invitation names."""

from __future__ import annotations

from django.db import transaction

from accounts import members
from accounts.models import Member, User
from billing.key_limits import set_member_budget


def join(token: str, user: User) -> Member:
    """Accept the invitation of this token; raises accounts.members.NotInvited."""
    with transaction.atomic():
        member, invitation = members.accept(token, user)
        set_member_budget(
            member, invitation.limit_nano, invitation.period, actor=invitation.invited_by
        )
    return member
