"""Promo credits: a present for every new account, once (settings.PROMO_CREDITS_NANO)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.models import User
from billing.credits import grant
from billing.models import Transfer
from billing.refusals import TransferConflict
from openrouter_site.database import OUTAGES

logger = logging.getLogger(__name__)

_NEW_FOR = timedelta(days=1)


def welcome(user: User) -> bool:
    """Give a new user his promo credits; False when he has them or there are none.

    The id of the transfer is made of the user's, so whoever asks twice changes nothing, also when
    the amount was changed between.
    """
    if not settings.PROMO_CREDITS_NANO:
        return False
    try:
        return grant(
            user, settings.PROMO_CREDITS_NANO, "promo credits", grant_id=f"promo:{user.pk}"
        )
    except TransferConflict:
        return False


def welcome_all_new() -> int:
    """Those of the last day who have none yet, because the ledger was down when they came."""
    if not settings.PROMO_CREDITS_NANO:
        return 0
    given = Transfer.objects.filter(pk=OuterRef("promo_id"))
    promo_id = Concat(Value("grant:promo:"), Cast(F("pk"), CharField()), output_field=CharField())
    new = User.objects.filter(is_active=True, date_joined__gt=timezone.now() - _NEW_FOR)
    waiting = new.annotate(promo_id=promo_id).filter(~Exists(given))
    return sum(welcome(user) for user in waiting)


def greet(sender: Any, instance: User, created: bool, raw: bool = False, **_: Any) -> None:
    """Receiver of post_save. Money moves after the user is committed."""
    if created and not raw and settings.PROMO_CREDITS_NANO:
        transaction.on_commit(lambda: _try(instance))


def _try(user: User) -> None:
    """An account without its present is better than none: the task makes up for it."""
    try:
        welcome(user)
    except OUTAGES as outage:
        logger.error("promo credits of user %s must wait: %s", user.pk, type(outage).__name__)
