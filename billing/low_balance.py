"""An e-mail to who runs low on credits: once each time they fall below what he chose.

An account is armed while its credits are at or above the threshold; the first look that finds an
armed one below it disarms it and writes. So a new account is told nothing before it had credits.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import BigIntegerField, CharField, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from accounts.models import User
from billing.models import Account
from openrouter_site.money import format_amount

logger = logging.getLogger(__name__)


def look() -> int:
    """Arm and tell; the number of e-mails. Safe to run several times at once."""
    users = _users()
    above = users.filter(low_balance_armed=False, balance_nano__gte=F("threshold_nano"))
    User.objects.filter(pk__in=above.values("pk")).update(low_balance_armed=True)
    below = users.filter(
        low_balance_armed=True, is_active=True, balance_nano__lt=F("threshold_nano")
    )
    return sum(
        _tell(pk, email, balance_nano, threshold_nano)
        for pk, email, balance_nano, threshold_nano in below.values_list(
            "pk", "email", "balance_nano", "threshold_nano"
        )
    )


def _users() -> Any:
    """With the balance of their account and what they call low; without those who want no mail."""
    account = Account.objects.filter(pk=OuterRef("account"))
    return User.objects.annotate(
        account=Concat(Value("user:"), Cast(F("pk"), CharField()), output_field=CharField()),
        balance_nano=Subquery(account.values("posted_nano")),
        threshold_nano=Coalesce(
            "low_balance_nano",
            Value(settings.LOW_BALANCE_NANO, output_field=BigIntegerField()),
            output_field=BigIntegerField(),
        ),
    ).filter(threshold_nano__gt=0, balance_nano__isnull=False)


def _tell(pk: int, email: str, balance_nano: int, threshold_nano: int) -> bool:
    """Write to one user, unless another task was faster; when it fails, the next look tries."""
    mine = User.objects.filter(pk=pk, low_balance_armed=True).update(low_balance_armed=False)
    if not mine:
        return False
    threshold = format_amount(threshold_nano)
    text = (
        f"Your credits at {settings.SITE_NAME} are down to ${format_amount(balance_nano)},"
        f" which is below ${threshold}.\n\n"
        "Requests that cost more than what is left are refused with status 402.\n"
        f"Add credits: {settings.SITE_URL}/settings/credits\n"
    )
    try:
        send_mail(f"Your credits are below ${threshold}", text, None, [email])
    except (OSError, SMTPException):
        User.objects.filter(pk=pk).update(low_balance_armed=True)
        logger.exception("the low-balance e-mail to user %s was not sent", pk)
        return False
    return True
