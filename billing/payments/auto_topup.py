"""Credits bought by a saved card when few are left. Off by default, capped by the month.

At most one payment is under way for an account: a unique index of the database says so.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum

from billing.book import period_start
from billing.models import Account, AutoTopUp, Checkout
from billing.payments import checkout, stripe_client
from billing.payments.money import cents_of_nano, quote
from billing.payments.stripe_values import Intent

logger = logging.getLogger(__name__)

DECLINES_MAX = 3
_PAUSE = timedelta(hours=1)


def run() -> int:
    """Look at every account that asked for it; how many payments were begun or gone on with."""
    begun = 0
    for asked in AutoTopUp.objects.filter(enabled=True).exclude(payment_method_id=""):
        row = _under_way(asked) or _claim(asked)
        if row is not None:
            begun += 1
            _pay(asked, row)
    return begun


def _under_way(asked: AutoTopUp) -> Checkout | None:
    return Checkout.objects.filter(
        account_id=asked.account_id, kind=Checkout.Kind.AUTO, state=Checkout.State.PENDING
    ).first()


def _claim(asked: AutoTopUp) -> Checkout | None:
    """A pending payment if one is due and the cap allows it.

    It is there before we look at the balance: a payment before this one is then either pending, and
    the unique index refuses ours, or credited, and the balance has it.
    """
    now = datetime.now(UTC)
    if not _is_due(asked, now):
        return None
    try:
        with transaction.atomic():
            # Locked, so that nobody changes the amount or the cap meanwhile.
            locked = AutoTopUp.objects.select_for_update().get(pk=asked.pk)
            row = Checkout.objects.create(
                id=checkout.new_id("pay"),
                user_id=locked.user_id,
                account_id=locked.account_id,
                kind=Checkout.Kind.AUTO,
                amount_nano=locked.amount_nano,
                fee_nano=quote(locked.amount_nano).fee_nano,
                livemode=stripe_client.is_live(),
                created_at=now,
            )
            cap_nano = locked.monthly_cap_nano
            if _is_due(locked, now) and spent_this_month_nano(row.account_id, now) <= cap_nano:
                return row
            transaction.set_rollback(True)
    except IntegrityError:
        logger.info("another process tops %s up", asked.account_id)
    return None


def _is_due(asked: AutoTopUp, now: datetime) -> bool:
    if not asked.enabled or (asked.next_attempt_at and asked.next_attempt_at > now):
        return False
    account = Account.objects.filter(pk=asked.account_id).first() or Account()
    return not account.frozen and account.posted_nano - account.held_nano < asked.threshold_nano


def spent_this_month_nano(account_id: str, now: datetime) -> int:
    """What automatic payments of this UTC month cost or may yet, fees included."""
    sums = Checkout.objects.filter(
        ~Q(state=Checkout.State.FAILED),
        account_id=account_id,
        kind=Checkout.Kind.AUTO,
        created_at__date__gte=period_start("monthly", now),
    ).aggregate(total=Sum(F("amount_nano") + F("fee_nano"), default=0))
    return int(sums["total"])


def _pay(asked: AutoTopUp, row: Checkout) -> None:
    """Charge the saved card. Without an answer the payment stays under way: asked again later."""
    try:
        # Stripe forgets idempotency keys after a day: look before asking again.
        intent = None
        if datetime.now(UTC) - row.created_at > _PAUSE:
            intent = stripe_client.find_intent(asked.customer_id, row.id)
        if intent is None:
            intent = stripe_client.charge_saved_card(
                row.id, cents_of_nano(row.total_nano), customer_id=asked.customer_id,
                payment_method_id=asked.payment_method_id,
            )  # fmt: skip
    except stripe_client.StripeDown:
        return
    except stripe_client.Refused as refusal:
        _declined(row, str(refusal))
        return
    note(intent, is_failed=intent.status in ("requires_payment_method", "canceled"))


def note(intent: Intent, *, is_failed: bool) -> bool:
    """What Stripe says of an automatic payment. False: it is none of ours."""
    row = checkout.confirm_intent(intent)
    if row is None:
        return False
    if row.state == Checkout.State.PAID:
        AutoTopUp.objects.filter(pk=row.user_id).update(failures=0, next_attempt_at=None)
    elif is_failed:
        _declined(row, intent.failure or "The card was declined.")
    return True


def _declined(row: Checkout, reason: str) -> None:
    """Counted once for a payment; after some of them it is turned off and says why."""
    reason = reason[: checkout.FAILURE_MAX]
    with transaction.atomic():
        failed = Checkout.objects.filter(pk=row.pk, state=Checkout.State.PENDING).update(
            state=Checkout.State.FAILED, failure=reason
        )
        asked = AutoTopUp.objects.select_for_update().filter(pk=row.user_id).first()
        if not failed or asked is None:
            return
        asked.failures += 1
        asked.next_attempt_at = datetime.now(UTC) + _PAUSE * asked.failures
        if asked.failures >= DECLINES_MAX:
            asked.enabled = False
            asked.disabled_reason = f"Declined {asked.failures} times: {reason}"[
                : checkout.FAILURE_MAX
            ]
        asked.save()
    logger.warning("automatic payment %s was declined", row.id)
