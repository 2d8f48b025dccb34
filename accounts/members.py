"""Inviting people to one's account, and ending their part in it.

An invitation reaches an e-mail address, and only who has that address can accept it, once, within
a week. A removed member's keys are deleted with the rest; what they spent stays in the books.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import key_changes, keys, member_changes
from accounts.member_rows import Role
from accounts.models import ApiKey, Invitation, Member, User

logger = logging.getLogger(__name__)

INVITATION_DAYS = 7
_MEMBERS_MAX = 1_000
_INVITED_PER_DAY_MAX = 100


class Refused(ValueError):
    """It makes no sense or goes too far; the text says what and why, `field` names the culprit."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


class NotInvited(ValueError):
    """No invitation that this person can accept; the text says whether there is none, it is over,
    or it is for somebody else."""


def of_account(owner_id: int) -> list[Member]:
    """Those there are now, the oldest first."""
    found = Member.objects.filter(owner_id=owner_id, removed_at=None)
    return list(found.select_related("user"))


def invite(
    owner: User, email: str, *, role: str = Role.MEMBER, limit_nano: int | None = None,
    period: str = "", invited_by: str, replaces_admins: bool = True,
) -> tuple[Invitation, str]:  # fmt: skip
    """A new invitation, and its token, which exists nowhere else. Tell it by `send`.

    An older one to the same address is withdrawn; without `replaces_admins`, which are the owner's
    choice, not that of an admin. Raises Refused.
    """
    email = email.strip().lower()
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        # The owner's row makes parallel invitations take turns, so that the counts hold.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        _check(owner, email)
        older = pending(owner.pk).filter(email=email)
        if not replaces_admins and older.filter(role=Role.ADMIN).exists():
            raise Refused("The owner has invited this address as an admin; only they change that.")
        older.update(withdrawn_at=now)
        row = Invitation.objects.create(
            owner=owner, email=email, role=role, limit_nano=limit_nano, period=period,
            invited_by=invited_by[:120], digest=_digest(token),
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )  # fmt: skip
    return row, token


def _check(owner: User, email: str) -> None:
    if email == owner.email.lower():
        raise Refused("This is the owner's own address.", "email")
    members = Member.objects.filter(owner=owner, removed_at=None)
    if members.filter(user__email__iexact=email).exists():
        raise Refused("Who has this address is a member already.", "email")
    if members.count() >= _MEMBERS_MAX:
        raise Refused(f"There are {_MEMBERS_MAX} members, and no more are allowed.")
    since = timezone.now() - timedelta(days=1)
    if Invitation.objects.filter(owner=owner, created_at__gt=since).count() >= _INVITED_PER_DAY_MAX:
        raise Refused(f"{_INVITED_PER_DAY_MAX} were invited today. Go on tomorrow.")


def pending(owner_id: int) -> QuerySet[Invitation]:
    """Invitations that can still be accepted."""
    return Invitation.objects.filter(
        owner_id=owner_id, accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now()
    )


def send(invitation: Invitation, token: str) -> bool:
    """The e-mail; False when the mail server did not take it."""
    text = (
        f"{invitation.owner.email} invites you to use their account at {settings.SITE_NAME}: with"
        " API keys of your own, under their credits.\n\n"
        f"Accept: {settings.SITE_URL}/invitations/{token}\n\n"
        f"This works for {invitation.email} only, until"
        f" {invitation.expires_at:%Y-%m-%d %H:%M} UTC. If you did not expect it, do nothing.\n"
    )
    try:
        send_mail(f"Invitation to {settings.SITE_NAME}", text, None, [invitation.email])
    except (OSError, SMTPException):
        logger.exception("invitation %s was not sent", invitation.pk)
        return False
    return True


def look(token: str) -> Invitation:
    """The open invitation of this token, whomever it is for; raises NotInvited."""
    found = Invitation.objects.filter(digest=_digest(token)).select_related("owner").first()
    if found is None or found.withdrawn_at is not None or not found.owner.is_active:
        raise NotInvited("This invitation does not exist, or was withdrawn.")
    if found.accepted_at is not None or found.expires_at <= timezone.now():
        raise NotInvited("This invitation was used or is over. Ask for a new one.")
    return found


def find(token: str, user: User) -> Invitation:
    """The open invitation of this token, if it is for this person; raises NotInvited."""
    found = look(token)
    if found.email != user.email.lower():
        raise NotInvited("This invitation is for another e-mail address.")
    if found.owner_id == user.pk:
        raise NotInvited("This is an invitation into your own account.")
    return found


def accept(token: str, user: User) -> tuple[Member, Invitation]:
    """Become a member; raises NotInvited. `billing.membership.join` gives the budget too."""
    with transaction.atomic():
        invitation = find(token, user)
        open_one = pending(invitation.owner_id).filter(pk=invitation.pk)
        if not open_one.update(accepted_at=timezone.now()):
            raise NotInvited("This invitation was used or is over. Ask for a new one.")
        return add(invitation.owner, user, invitation.role, actor=user.email), invitation


def add(owner: User, user: User, role: str, *, actor: str) -> Member:
    """Make this person a member, or one again."""
    member, is_new = Member.objects.get_or_create(owner=owner, user=user, defaults={"role": role})
    if not is_new:
        Member.objects.filter(pk=member.pk).update(role=role, removed_at=None)
        member.refresh_from_db()
    member_changes.note(member, {"role": [None, role]}, actor=actor)
    return member


def change_role(member: Member, role: str, *, actor: str) -> None:
    if member.role == role:
        return
    member_changes.note(member, {"role": [member.role, role]}, actor=actor)
    Member.objects.filter(pk=member.pk).update(role=role)
    member.role = role
    _forget_keys(member)


def remove(member: Member, *, actor: str) -> None:
    """None of their keys works here from now on, in any process."""
    with transaction.atomic():
        Member.objects.filter(pk=member.pk).update(removed_at=timezone.now())
        member_changes.note(member, {"role": [member.role, None]}, actor=actor)
        for key in ApiKey.objects.filter(member=member, deleted_at=None):
            key_changes.delete(key, actor=actor, reason="no more a member")


def _forget_keys(member: Member) -> None:
    for digest in ApiKey.objects.filter(member=member).values_list("digest", flat=True):
        keys.forget(digest)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
