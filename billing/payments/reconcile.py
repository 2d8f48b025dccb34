"""What no event told us: Stripe is asked about payments and refunds that are pending for long."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.models import Checkout, PaymentRefund
from billing.payments import checkout, refunds, stripe_client
from billing.payments.money import Mode, mode

logger = logging.getLogger(__name__)

_PATIENCE = timedelta(minutes=3)
# Stripe's pages end after a day, and a slow bank needs two weeks at most.
_GIVE_UP = timedelta(days=15)
_PAGE_LIFE = timedelta(days=1)
_RECEIPTS_FOR = timedelta(days=2)
_PER_RUN = 100


def run(patience: timedelta = _PATIENCE) -> int:
    """How many were looked at. Safe to run twice and beside webhooks."""
    if mode() is not Mode.STRIPE:
        return 0
    before = datetime.now(UTC) - patience
    due: list[tuple[Callable[[Any], None], Checkout | PaymentRefund]] = [
        *((_refund, refund) for refund in _pending_refunds(before)),
        *((_checkout, row) for row in _pending_checkouts(before)),
        *((_automatic, row) for row in _left_automatic(before)),
        *((_receipt, row) for row in _without_receipt()),
    ]
    for ask, row in due:
        try:
            ask(row)
        except stripe_client.StripeDown:
            logger.warning("Stripe said nothing of %s; it is asked again later", row.pk)
        except stripe_client.Refused as refusal:
            logger.error("Stripe does not know %s: %s", row.pk, refusal)
    return len(due)


def _pending_refunds(before: datetime) -> Iterable[PaymentRefund]:
    found = PaymentRefund.objects.select_related("checkout").filter(
        state=PaymentRefund.State.PENDING, created_at__lt=before
    )
    return found.order_by("created_at")[:_PER_RUN]


def _pending_checkouts(before: datetime) -> Iterable[Checkout]:
    found = Checkout.objects.filter(
        state=Checkout.State.PENDING, kind=Checkout.Kind.CHECKOUT, created_at__lt=before
    )
    return found.order_by("created_at")[:_PER_RUN]


def _left_automatic(before: datetime) -> Iterable[Checkout]:
    """Automatic payments that nobody goes on with, because they were turned off meanwhile."""
    found = Checkout.objects.select_related("user__auto_top_up").filter(
        state=Checkout.State.PENDING,
        kind=Checkout.Kind.AUTO,
        created_at__lt=before,
        user__auto_top_up__enabled=False,
    )
    return found.order_by("created_at")[:_PER_RUN]


def _without_receipt() -> Iterable[Checkout]:
    found = Checkout.objects.filter(
        state=Checkout.State.PAID, receipt_url="", paid_at__gt=datetime.now(UTC) - _RECEIPTS_FOR
    )
    return found.exclude(payment_intent_id=None).order_by("paid_at")[:_PER_RUN]


def _refund(refund: PaymentRefund) -> None:
    refunds.carry_out(refund, is_repeated=True)


def _checkout(row: Checkout) -> None:
    if row.session_id:
        checkout.confirm(stripe_client.retrieve_session(row.session_id))
    if row.created_at < datetime.now(UTC) - (_GIVE_UP if row.session_id else _PAGE_LIFE):
        checkout.fail(row, "It was not paid in time.")


def _automatic(row: Checkout) -> None:
    """Paid, if Stripe ever got to know of it."""
    intent = stripe_client.find_intent(row.user.auto_top_up.customer_id, row.id)
    if intent is not None:
        checkout.confirm_intent(intent)
    if intent is None or intent.status in ("requires_payment_method", "canceled"):
        checkout.fail(row, "It was turned off before it was paid.")


def _receipt(row: Checkout) -> None:
    checkout.remember_charge(row, stripe_client.retrieve_intent(row.payment_intent_id or ""))
