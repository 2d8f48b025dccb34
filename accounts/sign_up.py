"""Who may make an account: everybody, whoever is invited, or nobody (settings.SIGN_UP)."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import setup
from accounts.models import Invitation, SignUpInvitation

logger = logging.getLogger(__name__)


def is_open() -> bool:
    """There is a sign-up page at all. The first account is the operator's (accounts.setup)."""
    return settings.SIGN_UP != "closed" and not setup.is_needed()


def may_join(email: str) -> bool:
    """This address may have an account; the page never says which ones may."""
    return settings.SIGN_UP == "open" or (settings.SIGN_UP == "invite" and is_invited(email))


def is_invited(email: str) -> bool:
    """By the operator, or into somebody's account."""
    email = email.strip().lower()
    if SignUpInvitation.objects.filter(email=email).exists():
        return True
    return Invitation.objects.filter(
        email=email,
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=timezone.now(),
        owner__is_active=True,
    ).exists()


def invite(email: str, *, invited_by: str) -> SignUpInvitation:
    """Let this address sign up; asking twice changes nothing. Tell it by `send`."""
    row, _ = SignUpInvitation.objects.get_or_create(
        email=email.strip().lower(), defaults={"invited_by": invited_by[:120]}
    )
    return row


def send(invitation: SignUpInvitation) -> bool:
    """The e-mail; False when the mail server did not take it."""
    text = (
        f"You are invited to {settings.SITE_NAME}.\n\n"
        f"Make your account: {sign_up_url(invitation.email)}\n\n"
        f"This works for {invitation.email} only. If you did not expect it, do nothing.\n"
    )
    try:
        send_mail(f"Invitation to {settings.SITE_NAME}", text, None, [invitation.email])
    except (OSError, SMTPException):
        logger.exception("invitation %s was not sent", invitation.pk)
        return False
    return True


def sign_up_url(email: str) -> str:
    return f"{settings.SITE_URL}{reverse('account_signup')}?{urlencode({'email': email})}"
