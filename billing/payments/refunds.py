"""Money back: unspent credits when their owner asks, anything when the operator did it at Stripe.

The credits leave the account before Stripe is called, in the transaction that checks that they are
unspent, and come back when Stripe refuses (design/money.md, Refunds and disputes).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from billing.models import Checkout, PaymentRefund
from billing.payments import stripe_client
from billing.payments.checkout import FAILURE_MAX, KeyReused, new_id, paid_by
from billing.payments.ledger import BeginRefund, NoteRefund
from billing.payments.money import CURRENCY, cents_of_nano, nano_of_cents, share_of_total
from billing.payments.stripe_values import Refund
from billing.refusals import LedgerError
from billing.writer import run_now

logger = logging.getLogger(__name__)

_STATUSES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


def begin(
    checkout: Checkout, amount_nano: int, *, idempotency_key: str | None = None,
    request_sha: str = "",
) -> PaymentRefund:  # fmt: skip
    """Pay unspent credits back; the same key does it once. The fee is kept.

    Raises LedgerError when they are spent or frozen, KeyReused, or Refused when Stripe will not.
    When Stripe cannot be reached the refund stays `pending` and is tried again.
    """
    refund = _claim(
        PaymentRefund(
            id=new_id("ref"),
            checkout=checkout,
            user_id=checkout.user_id,
            amount_nano=amount_nano,
            idempotency_key=idempotency_key,
            request_sha=request_sha,
            created_at=datetime.now(UTC),
        )
    )
    try:
        run_now(
            BeginRefund(
                account_id=checkout.account_id, checkout_id=checkout.id, refund_id=refund.id
            )
        )
    except LedgerError:
        if refund.idempotency_key is None:
            refund.delete()
        raise
    refund.refresh_from_db()
    if refund.state == PaymentRefund.State.PENDING and refund.stripe_refund_id is None:
        try:
            carry_out(refund)
        except stripe_client.StripeDown:
            logger.warning("refund %s will be tried again", refund.id)
        refund.refresh_from_db()
    return refund


def _claim(refund: PaymentRefund) -> PaymentRefund:
    try:
        with transaction.atomic():
            refund.save(force_insert=True)
    except IntegrityError:
        before = PaymentRefund.objects.filter(
            user_id=refund.user_id, idempotency_key=refund.idempotency_key
        ).first()
        if before is None or refund.idempotency_key is None:
            raise
        if before.request_sha != refund.request_sha:
            raise KeyReused from None
        return before
    return refund


def carry_out(refund: PaymentRefund, *, is_repeated: bool = False) -> None:
    """Let Stripe pay a refund that is debited; raises StripeDown.

    Repeated later it looks first: Stripe forgets idempotency keys after a day.
    """
    intent_id = refund.checkout.payment_intent_id or ""
    made: Refund | None = None
    try:
        if is_repeated:
            refunds = stripe_client.list_refunds(intent_id)
            made = next((found for found in refunds if found.refund_id == refund.id), None)
        if made is None:
            cents = cents_of_nano(refund.amount_nano)
            made = stripe_client.create_refund(intent_id, refund.id, cents, f"ref:{refund.id}")
    except stripe_client.Refused as refusal:
        _note(refund, "failed", str(refusal))
        return
    note(made)


def note(said: Refund) -> bool:
    """What Stripe says of a refund, from an event or an answer. False: it is not ours."""
    refund = PaymentRefund.objects.select_related("checkout").filter(pk=said.refund_id).first()
    if refund is None:
        checkout = paid_by(said.payment_intent_id)
        if checkout is None:
            return False
        refund = _made_at_stripe(checkout, said)
    if refund.stripe_refund_id is None:
        PaymentRefund.objects.filter(pk=refund.pk).update(stripe_refund_id=said.id)
    _note(refund, _STATUSES.get(said.status, "pending"), "Stripe could not pay it.")
    return True


def _made_at_stripe(checkout: Checkout, said: Refund) -> PaymentRefund:
    if said.currency != CURRENCY:
        raise ValueError("currency of a refund")
    amount_nano, fee_nano = share_of_total(
        nano_of_cents(said.amount_cents), checkout.amount_nano, checkout.total_nano
    )
    refund, _ = PaymentRefund.objects.get_or_create(
        pk=said.id,
        defaults={
            "checkout": checkout,
            "user_id": checkout.user_id,
            "amount_nano": amount_nano,
            "fee_nano": fee_nano,
            "stripe_refund_id": said.id,
            "created_at": datetime.now(UTC),
        },
    )
    return refund


def _note(refund: PaymentRefund, status: str, failure: str) -> None:
    state = run_now(
        NoteRefund(
            account_id=refund.checkout.account_id, checkout_id=refund.checkout_id,
            refund_id=refund.id, status=status,
        )
    )  # fmt: skip
    if state == PaymentRefund.State.FAILED:
        PaymentRefund.objects.filter(pk=refund.pk, failure="").update(failure=failure[:FAILURE_MAX])
