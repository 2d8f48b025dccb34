"""Buying credits by API: begin a payment, list payments, refund, automatic top-ups.

`Idempotency-Key` makes a repetition harmless: the same key and body give the same answer, another
body is a 409. A key sees and moves only what belongs to its own user and account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import Key
from api import payment_shapes
from api.access import owner_of_account
from api.authentication import KeyAuthentication, caller
from api.bodies import read_object
from api.payment_bodies import (
    amount_of,
    digest_of,
    flag_of,
    idempotency_key,
    text_of,
)
from api.views import answers, answers_get
from billing.models import AutoTopUp, Checkout, KeyBudget, PaymentRefund
from billing.payments import auto_topup, refunds
from billing.payments import checkout as checkouts
from billing.payments.ledger import NotRefundable
from billing.payments.money import Mode, maximum_nano, minimum_nano, mode, nano_of_cents, quote
from billing.payments.stripe_client import Refused, StripeDown
from billing.refusals import AccountFrozen, InsufficientCredits
from openrouter_site.database import OUTAGES
from openrouter_site.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from openrouter_site.money import format_amount

_LISTED_MAX = 100
_BEGUN_PER_HOUR_MAX = 60
_MANUAL = "Payments are not set up on this server: an operator grants credits. Ask them."
_CAP_MAX_NANO = nano_of_cents(100_000_000)

View = Callable[[Request], Response]


@contextmanager
def _said_in_our_words() -> Iterator[None]:
    """Whatever can go wrong with a payment, as an error that says what to do."""
    try:
        yield
    except checkouts.KeyReused:
        raise Conflict(
            "This Idempotency-Key was used for another request. Use a new key for a new request."
        ) from None
    except Refused as refusal:
        raise Conflict(f"Stripe does not accept this: {refusal}") from None
    except StripeDown:
        raise Unavailable(
            "The payment service does not answer. Try again with the same Idempotency-Key.",
            retry_after_s=5,
        ) from None
    except AccountFrozen:
        raise Forbidden("A dispute froze this account. Ask the operator.") from None
    except NotRefundable as refusal:
        raise Conflict(
            f"${format_amount(refusal.refundable_nano)} of this payment can still be refunded."
        ) from None
    except InsufficientCredits as refusal:
        left_nano = max(0, refusal.available_nano)
        raise Conflict(
            f"Only unspent credits can be refunded: ${format_amount(left_nano)} are left."
        ) from None
    except OUTAGES:
        raise Unavailable("The ledger cannot be written right now.", retry_after_s=2) from None


def _answered(view: View) -> View:
    @wraps(view)
    def answer(request: Request) -> Response:
        with _said_in_our_words():
            return view(request)

    return answer


def _owner(request: Request) -> Key:
    """A key that may decide about its account's money: without a limit, of the account's owner."""
    key = owner_of_account(caller(request))
    if KeyBudget.objects.filter(pk=key.id, limit_nano__isnull=False).exists():
        raise Forbidden("This key has a credit limit. Use one that has none.")
    return key


@answers(("GET", "HEAD", "POST"), KeyAuthentication)
@_answered
def checkout(request: Request) -> Response:
    """GET: what can be bought. POST `{amount}`: `{"data": {"url", "amount", "fee", "total"}}`."""
    if request.method != "POST":
        return Response({"data": payment_shapes.offer_shape()})
    key = owner_of_account(caller(request))
    body = read_object(request, ("amount", "save_payment_method"))
    if mode() is Mode.MANUAL:
        raise Forbidden(_MANUAL)
    amount_nano = amount_of(
        body, "amount", minimum_nano=minimum_nano(), maximum_nano=maximum_nano()
    )
    saves_card = flag_of(body, "save_payment_method", default=False)
    repeated = idempotency_key(request)
    _not_too_many(key, repeated)
    row = checkouts.begin(
        key.user_id,
        key.account_id,
        amount_nano,
        saves_card=saves_card,
        idempotency_key=repeated,
        request_sha=digest_of(key.account_id, amount_nano, saves_card),
    )
    return Response({"data": payment_shapes.checkout_shape(row)})


def _not_too_many(key: Key, repeated: str | None) -> None:
    rows = Checkout.objects.filter(user_id=key.user_id)
    if repeated is not None and rows.filter(idempotency_key=repeated).exists():
        return
    recent = rows.filter(created_at__gt=datetime.now(UTC) - timedelta(hours=1))
    if recent.count() >= _BEGUN_PER_HOUR_MAX:
        raise TooManyRequests(
            f"More than {_BEGUN_PER_HOUR_MAX} payments were begun in an hour. Try again later.",
            retry_after_s=600,
        )


@answers_get(KeyAuthentication)
def payments(request: Request) -> Response:
    """`{"data": [Payment]}`, newest first."""
    key = owner_of_account(caller(request))
    rows = Checkout.objects.filter(user_id=key.user_id, account_id=key.account_id)
    listed = list(rows.order_by("-created_at", "-id")[:_LISTED_MAX])
    found: dict[str, list[PaymentRefund]] = {row.id: [] for row in listed}
    moved = PaymentRefund.objects.filter(checkout_id__in=found).exclude(
        state=PaymentRefund.State.REQUESTED
    )
    for refund in moved.order_by("created_at", "id"):
        found[refund.checkout_id].append(refund)
    return Response({"data": [payment_shapes.payment_shape(row, found[row.id]) for row in listed]})


@answers(("POST",), KeyAuthentication)
@_answered
def refund(request: Request) -> Response:
    """POST `{payment, amount?}`: unspent credits go back to the card. The fee is kept."""
    key = _owner(request)
    body = read_object(request, ("payment", "amount"))
    payment_id = text_of(body, "payment")
    row = Checkout.objects.filter(
        pk=payment_id, user_id=key.user_id, account_id=key.account_id
    ).first()
    if row is None:
        raise NotFound(f"Payment {payment_id} not found")
    asked = row.amount_nano
    if "amount" in body:
        asked = amount_of(
            body, "amount", minimum_nano=nano_of_cents(1), maximum_nano=row.amount_nano
        )
    made = refunds.begin(
        row, asked, idempotency_key=idempotency_key(request), request_sha=digest_of(row.id, asked)
    )
    return Response({"data": payment_shapes.refund_shape(made)})


@answers(("GET", "HEAD", "PUT"), KeyAuthentication)
@_answered
def auto_top_up(request: Request) -> Response:
    """GET, or PUT `{enabled, threshold, amount, monthly_cap}`."""
    if request.method == "PUT":
        key = _owner(request)
        row = _changed(key, read_object(request, ("enabled", "threshold", "amount", "monthly_cap")))
    else:
        key = owner_of_account(caller(request))
        found = AutoTopUp.objects.filter(pk=key.user_id, account_id=key.account_id).first()
        row = found or AutoTopUp()
    spent_nano = auto_topup.spent_this_month_nano(key.account_id, datetime.now(UTC))
    return Response({"data": payment_shapes.auto_top_up_shape(row, spent_nano)})


def _changed(key: Key, body: dict[str, object]) -> AutoTopUp:
    """The row as asked for, stored; turned on only with a card and sensible figures."""
    if mode() is not Mode.STRIPE:
        raise Forbidden(_MANUAL)
    enabled = flag_of(body, "enabled")
    with transaction.atomic():
        row = AutoTopUp.objects.select_for_update().filter(pk=key.user_id).first()
        row = row or AutoTopUp(user_id=key.user_id, account_id=key.account_id)
        if enabled:
            _fill(row, body)
            row.failures, row.next_attempt_at, row.disabled_reason = 0, None, ""
        row.enabled = enabled
        row.save()
    return row


def _fill(row: AutoTopUp, body: dict[str, object]) -> None:
    if not row.payment_method_id:
        raise Conflict(
            "There is no saved card. Pay once with save_payment_method: true, then turn it on."
        )
    row.amount_nano = amount_of(
        body, "amount", minimum_nano=minimum_nano(), maximum_nano=maximum_nano()
    )
    row.threshold_nano = amount_of(body, "threshold", minimum_nano=0, maximum_nano=maximum_nano())
    row.monthly_cap_nano = amount_of(
        body, "monthly_cap", minimum_nano=0, maximum_nano=_CAP_MAX_NANO
    )
    if row.monthly_cap_nano < quote(row.amount_nano).total_nano:
        raise BadRequest("monthly_cap is less than one top-up with its fee.")
