"""The only file that talks to Stripe, by its official library.

Whatever fails becomes one of three: Declined (the card was), Refused (Stripe will not do this), or
StripeDown (nobody knows whether it was done: ask again with the same idempotency key).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.payments.money import CURRENCY
from billing.payments.stripe_values import Dispute, Intent, Refund, Session

logger = logging.getLogger(__name__)

_TIMEOUT_S = 20.0
_RETRIES = 2
# Stripe's own figure for the past; the library does not look at the future (streaming.md, trap 8).
TOLERANCE_S = 300
_SIGNATURE = re.compile(r"t=(\d{1,12})(?:,[a-z0-9]{1,8}=[0-9a-f]{1,128})+")


class StripeDown(Exception):
    """No answer, or none that tells whether it was done."""


class Refused(Exception):
    """Stripe did not do it and never will; the message may be shown."""


class Declined(Refused):
    """The bank did not pay."""


class BadSignature(Exception):
    """Not from Stripe, or not from now."""


def is_live() -> bool:
    """Whether the key moves real money; restricted keys begin with rk_."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def _client() -> stripe.StripeClient:
    return _made(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=8)
def _made(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else {},
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
    )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Errors of the library as ours. Their messages may quote what was sent, so only the kind of
    error, its code and Stripe's request id are logged."""
    try:
        yield
    except stripe.CardError as error:
        raise Declined(error.user_message or "The card was declined.") from None
    except stripe.InvalidRequestError as error:
        _note(what, error)
        raise Refused(error.code or "invalid_request") from None
    except stripe.StripeError as error:
        _note(what, error)
        raise StripeDown(what) from None
    except ValueError:
        logger.error("Stripe's answer to %s has another shape than expected", what)
        raise StripeDown(what) from None


def _note(what: str, error: stripe.StripeError) -> None:
    logger.error(
        "Stripe did not %s: %s %s %s",
        what, type(error).__name__, error.http_status, error.request_id,
    )  # fmt: skip


def _document(answer: stripe.StripeObject) -> dict[str, Any]:
    document: dict[str, Any] = answer.to_dict()
    return document


# --- Payments ----------------------------------------------------------------------------------


def create_session(
    payment_id: str, amount_cents: int, fee_cents: int, *, customer_id: str, saves_card: bool,
    site_url: str,
) -> Session:  # fmt: skip
    """A page at Stripe where this is paid. Repeated, it is the same page."""
    lines = [("Credits", amount_cents), ("Payment fee", fee_cents)]
    intent: dict[str, Any] = {"metadata": {"payment": payment_id}}
    if saves_card:
        intent["setup_future_usage"] = "off_session"
    parameters: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": payment_id,
        "metadata": {"payment": payment_id},
        "payment_intent_data": intent,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": CURRENCY, "unit_amount": cents, "product_data": {"name": name},
                },
            }
            for name, cents in lines if cents
        ],
        "success_url": f"{site_url}/payments/success?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{site_url}/payments/cancel",
    }  # fmt: skip
    if customer_id:
        parameters["customer"] = customer_id
    elif saves_card:
        parameters["customer_creation"] = "always"
    with _translated("open a checkout"):
        answer = _client().v1.checkout.sessions.create(
            params=parameters,  # type: ignore[arg-type]
            options={"idempotency_key": payment_id},
        )
        return Session.read(_document(answer))


def retrieve_session(session_id: str) -> Session:
    with _translated("show a checkout"):
        return Session.read(_document(_client().v1.checkout.sessions.retrieve(session_id)))


def retrieve_intent(intent_id: str) -> Intent:
    """With its charge, for the receipt."""
    with _translated("show a payment"):
        answer = _client().v1.payment_intents.retrieve(
            intent_id, params={"expand": ["latest_charge"]}
        )
        return Intent.read(_document(answer))


def find_intent(customer_id: str, payment_id: str) -> Intent | None:
    """The intent that was made for this payment of ours, if any was."""
    with _translated("list payments"):
        answer = _client().v1.payment_intents.list(params={"customer": customer_id, "limit": 100})
        intents = [Intent.read(_document(intent)) for intent in answer.data]
    return next((intent for intent in intents if intent.payment_id == payment_id), None)


def charge_saved_card(
    payment_id: str, total_cents: int, *, customer_id: str, payment_method_id: str
) -> Intent:
    """Pay with nobody there; raises Declined also when the bank wants somebody there."""
    with _translated("charge a saved card"):
        answer = _client().v1.payment_intents.create(
            params={
                "amount": total_cents, "currency": CURRENCY, "customer": customer_id,
                "payment_method": payment_method_id, "off_session": True, "confirm": True,
                "metadata": {"payment": payment_id}, "expand": ["latest_charge"],
            },
            options={"idempotency_key": payment_id},
        )  # fmt: skip
        return Intent.read(_document(answer))


# --- Refunds -----------------------------------------------------------------------------------


def create_refund(intent_id: str, refund_id: str, amount_cents: int, key: str) -> Refund:
    with _translated("refund"):
        answer = _client().v1.refunds.create(
            params={
                "payment_intent": intent_id, "amount": amount_cents,
                "metadata": {"refund": refund_id},
            },
            options={"idempotency_key": key},
        )  # fmt: skip
        return Refund.read(_document(answer))


def list_refunds(intent_id: str) -> list[Refund]:
    with _translated("list refunds"):
        answer = _client().v1.refunds.list(params={"payment_intent": intent_id, "limit": 100})
        return [Refund.read(_document(refund)) for refund in answer.auto_paging_iter()]


# --- Webhooks ----------------------------------------------------------------------------------


def check_signature(payload: bytes, header: str | None) -> None:
    """Raises BadSignature. An empty secret would make anybody's signature valid: it refuses all."""
    secret = settings.STRIPE_WEBHOOK_SECRET
    match = _SIGNATURE.fullmatch(header or "")
    if not secret or match is None:
        raise BadSignature
    try:
        stripe.WebhookSignature.verify_header(payload, header, secret, TOLERANCE_S)
    except (stripe.SignatureVerificationError, ValueError):
        raise BadSignature from None
    if int(match[1]) > time.time() + TOLERANCE_S:
        raise BadSignature


READERS: dict[str, Callable[[Any], Session | Intent | Refund | Dispute]] = {
    "checkout.session": Session.read,
    "payment_intent": Intent.read,
    "refund": Refund.read,
    "dispute": Dispute.read,
}
