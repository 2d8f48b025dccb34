"""Buying credits by API: begin a payment, list payments, refund, automatic top-ups.

`Idempotency-Key` makes a repetition harmless: the same key and body give the same answer, another
body is a 409. A key sees and moves only what belongs to its own user and account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import Key
from api import payment_shapes
from api.access import owner_of_account
from api.authentication import KeyAuthentication, caller
from api.bodies import read_object
from api.payment_bodies import amount_of, flag_of, idempotency_key, text_of
from api.views import answers, answers_get
from billing.models import AutoTopUp, KeyBudget
from billing.payments import auto_topup, auto_topup_terms, listing, purchase, refunds
from billing.payments.money import maximum_nano, minimum_nano, nano_of_cents
from billing.payments.purchase import digest_of
from billing.payments.refusal_words import said_in_our_words
from openrouter_site.errors import Forbidden, NotFound

_LISTED_MAX = 100

View = Callable[[Request], Response]


def _answered(view: View) -> View:
    @wraps(view)
    def answer(request: Request) -> Response:
        with said_in_our_words():
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
    purchase.require_shop()
    amount_nano = amount_of(
        body, "amount", minimum_nano=minimum_nano(), maximum_nano=maximum_nano()
    )
    row = purchase.begin(
        key.user_id,
        key.account_id,
        amount_nano,
        saves_card=flag_of(body, "save_payment_method", default=False),
        idempotency_key=idempotency_key(request),
    )
    return Response({"data": payment_shapes.checkout_shape(row)})


@answers_get(KeyAuthentication)
def payments(request: Request) -> Response:
    """`{"data": [Payment]}`, newest first."""
    key = owner_of_account(caller(request))
    rows = listing.of_account(key.user_id, key.account_id)[:_LISTED_MAX]
    found = listing.with_what_came_after(rows)
    return Response({"data": [payment_shapes.payment_shape(payment) for payment in found]})


@answers(("POST",), KeyAuthentication)
@_answered
def refund(request: Request) -> Response:
    """POST `{payment, amount?}`: unspent credits go back to the card. The fee is kept."""
    key = _owner(request)
    body = read_object(request, ("payment", "amount"))
    payment_id = text_of(body, "payment")
    row = listing.of_account(key.user_id, key.account_id).filter(pk=payment_id).first()
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
        row = _changed(key, read_object(request, ("enabled", *auto_topup_terms.bounds())))
    else:
        key = owner_of_account(caller(request))
        row = auto_topup_terms.row_of(key.user_id, key.account_id)
    spent_nano = auto_topup.spent_this_month_nano(key.account_id, datetime.now(UTC))
    return Response({"data": payment_shapes.auto_top_up_shape(row, spent_nano)})


def _changed(key: Key, body: dict[str, object]) -> AutoTopUp:
    """The row as asked for, stored; turned on only with a card and sensible figures."""
    auto_topup_terms.require_stripe()
    if not flag_of(body, "enabled"):
        return auto_topup_terms.turn_off(key.user_id, key.account_id)
    auto_topup_terms.require_card(auto_topup_terms.row_of(key.user_id, key.account_id))
    figures = {
        f"{name}_nano": amount_of(body, name, minimum_nano=least, maximum_nano=most)
        for name, (least, most) in auto_topup_terms.bounds().items()
    }
    return auto_topup_terms.turn_on(key.user_id, key.account_id, auto_topup_terms.Terms(**figures))
