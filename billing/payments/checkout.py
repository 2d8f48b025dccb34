"""A payment from its begin to the credits (design/money.md, T4).

The success page, the webhook and the reconciliation all end in `confirm`: what Stripe says is held
against what we stored, and the ledger credits it once.
"""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from billing.models import AutoTopUp, Checkout
from billing.payments import stripe_client
from billing.payments.ledger import TopUp
from billing.payments.money import (
    CURRENCY,
    Mode,
    cents_of_nano,
    mode,
    nano_of_cents,
    quote,
)
from billing.payments.stripe_values import Intent, Session
from billing.writer import run_now

logger = logging.getLogger(__name__)

FAILURE_MAX = 200


class KeyReused(Exception):
    """This idempotency key was used for another request."""


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def begin(
    user_id: int, account_id: str, amount_nano: int, *, saves_card: bool = False,
    idempotency_key: str | None = None, request_sha: str = "",
) -> Checkout:  # fmt: skip
    """A pending payment with the `url` where it is paid. The same key gives the same one.

    Raises KeyReused, or what stripe_client raises; after StripeDown the same key goes on.
    """
    row = _claim(
        Checkout(
            id=new_id("pay"),
            user_id=user_id,
            account_id=account_id,
            kind=Checkout.Kind.TEST if mode() is Mode.TEST else Checkout.Kind.CHECKOUT,
            amount_nano=amount_nano,
            fee_nano=quote(amount_nano).fee_nano,
            saves_card=saves_card,
            idempotency_key=idempotency_key,
            request_sha=request_sha,
            created_at=datetime.now(UTC),
        )
    )
    if not row.url and row.state == Checkout.State.PENDING:
        _open(row)
    return row


def _claim(row: Checkout) -> Checkout:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        row_before = Checkout.objects.filter(
            user_id=row.user_id, idempotency_key=row.idempotency_key
        ).first()
        if row_before is None or row.idempotency_key is None:
            raise
        if row_before.request_sha != row.request_sha:
            raise KeyReused from None
        return row_before
    return row


def _open(row: Checkout) -> None:
    """Where it is paid. Our id is Stripe's idempotency key: parallel repeats open one page."""
    if row.kind == Checkout.Kind.TEST:
        row.url = f"{settings.SITE_URL}/payments/test/{row.id}"
        row.save(update_fields=["url"])
        return
    known = AutoTopUp.objects.filter(user_id=row.user_id).first()
    try:
        session = stripe_client.create_session(
            row.id, cents_of_nano(row.amount_nano), cents_of_nano(row.fee_nano),
            customer_id=known.customer_id if known else "", saves_card=row.saves_card,
            site_url=settings.SITE_URL,
        )  # fmt: skip
    except stripe_client.Refused as refusal:
        fail(row, str(refusal))
        raise
    row.session_id, row.url, row.livemode = session.id, session.url, session.livemode
    row.save(update_fields=["session_id", "url", "livemode"])


def fail(row: Checkout, reason: str) -> None:
    """Nothing will come of it, unless Stripe says later that it was paid after all."""
    Checkout.objects.filter(pk=row.pk, state=Checkout.State.PENDING).update(
        state=Checkout.State.FAILED, failure=reason[:FAILURE_MAX]
    )


# --- What Stripe says --------------------------------------------------------------------------


def confirm(session: Session) -> Checkout | None:
    """Credit the payment of this session if it is paid, once; None when it is not ours."""
    row = Checkout.objects.filter(session_id=session.id).first()
    if row is None:
        return None
    if session.payment_status == "paid":
        if wrong := _wrong_with_session(row, session):
            _complain(row, wrong)
        else:
            credit(row, session.payment_intent_id)
    elif session.status == "expired":
        fail(row, "It was not paid in time.")
    row.refresh_from_db()
    return row


def confirm_intent(intent: Intent) -> Checkout | None:
    """The same for an automatic payment; its id was given to Stripe as metadata."""
    row = Checkout.objects.filter(pk=intent.payment_id, kind=Checkout.Kind.AUTO).first()
    if row is None:
        return None
    if intent.status == "succeeded":
        if wrong := _wrong_with_intent(row, intent):
            _complain(row, wrong)
        else:
            credit(row, intent.id)
    row.refresh_from_db()
    return row


def _wrong_with_session(row: Checkout, session: Session) -> str:
    """What we stored decides what was bought; the event must agree with it."""
    if session.mode != "payment":
        return "mode"
    if session.payment_intent_id == "":
        return "payment_intent"
    return _wrong_with(row, session.currency, session.total_cents, session.livemode)


def _wrong_with_intent(row: Checkout, intent: Intent) -> str:
    if row.payment_intent_id not in (None, intent.id):
        return "payment_intent"
    return _wrong_with(row, intent.currency, intent.amount_cents, intent.livemode)


def _wrong_with(row: Checkout, currency: str, total_cents: int, livemode: bool) -> str:
    if currency != CURRENCY:
        return "currency"
    if nano_of_cents(total_cents) != row.total_nano:
        return "amount"
    return "" if livemode == row.livemode == stripe_client.is_live() else "livemode"


def _complain(row: Checkout, wrong: str) -> None:
    """Money came in that we cannot explain: an operator must look, nothing is credited."""
    logger.error("payment %s was paid, but not as asked for: its %s differs", row.id, wrong)
    Checkout.objects.filter(pk=row.pk).exclude(state=Checkout.State.PAID).update(
        failure=f"Paid with another {wrong}; an operator must look."
    )


def credit(row: Checkout, intent_id: str | None) -> bool:
    """Whether it was credited just now. What can be done later comes after."""
    credited: bool = run_now(
        TopUp(account_id=row.account_id, checkout_id=row.id, payment_intent_id=intent_id)
    )
    if credited and intent_id:
        try:
            remember_charge(row, stripe_client.retrieve_intent(intent_id))
        except (stripe_client.StripeDown, stripe_client.Refused):
            logger.warning("the receipt of %s will be fetched later", row.id)
    return credited


def remember_charge(row: Checkout, intent: Intent) -> None:
    """Stripe's receipt, and the card if its owner wanted it to be kept."""
    Checkout.objects.filter(pk=row.pk).update(receipt_url=intent.receipt_url, failure="")
    if row.saves_card and intent.customer_id and intent.payment_method_id:
        AutoTopUp.objects.update_or_create(
            user_id=row.user_id,
            defaults={
                "account_id": row.account_id,
                "customer_id": intent.customer_id,
                "payment_method_id": intent.payment_method_id,
                "failures": 0,
            },
        )


def look_at(session_id: str) -> Checkout | None:
    """Of the success page: the payment, credited if Stripe says that it is paid.

    Stripe is asked only while we do not know it; raises StripeDown or Refused.
    """
    row = Checkout.objects.filter(session_id=session_id).first()
    if row is None or row.state != Checkout.State.PENDING:
        return row
    return confirm(stripe_client.retrieve_session(session_id))


def paid_by(intent_id: str) -> Checkout | None:
    """The paid checkout of a payment intent; None when it is not ours.

    A refund or dispute may come before the event that the checkout is paid: then Stripe is asked,
    and the credits come first.
    """
    if not intent_id:
        return None
    row = Checkout.objects.filter(payment_intent_id=intent_id, state=Checkout.State.PAID).first()
    if row is not None:
        return row
    try:
        intent = stripe_client.retrieve_intent(intent_id)
        row = Checkout.objects.filter(pk=intent.payment_id).first()
        if row is not None and row.session_id:
            row = confirm(stripe_client.retrieve_session(row.session_id))
        else:
            row = confirm_intent(intent)
    except stripe_client.Refused:
        return None
    if row is None or row.state != Checkout.State.PAID or row.payment_intent_id != intent_id:
        return None
    return row


def pay_test(payment_id: str) -> Checkout | None:
    """Credit a test payment; None when there is none, or no test payments here."""
    row = Checkout.objects.filter(pk=payment_id, kind=Checkout.Kind.TEST).first()
    if row is None or mode() is not Mode.TEST:
        return None
    credit(row, None)
    row.refresh_from_db()
    return row
