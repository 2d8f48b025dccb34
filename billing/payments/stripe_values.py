"""What Stripe says, as values of ours: only the fields we judge by, and of the type we expect.

They are read from the library's answers and from webhook events alike; ValueError when Stripe
speaks of something that has another shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


def text(document: Document, name: str) -> str:
    """A text, "" when it is null or missing. What may be expanded counts as its id."""
    value = document.get(name)
    if isinstance(value, Mapping):
        value = value.get("id")
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{name} is no text")
    return value


def integer(document: Document, name: str) -> int:
    value = document.get(name)
    if type(value) is not int:
        raise ValueError(f"{name} is no integer")
    return value


def identity(document: Document, kind: str) -> str:
    """The id of an object of this kind."""
    if document.get("object") != kind or not (id := text(document, "id")) or len(id) > 128:
        raise ValueError(f"this is no {kind}")
    return id


def payment_of(document: Document) -> str:
    """Our own id of the payment, which we gave Stripe as metadata."""
    metadata = document.get("metadata")
    return text(metadata, "payment") if isinstance(metadata, Mapping) else ""


def _total(document: Document) -> int:
    return 0 if document.get("amount_total") is None else integer(document, "amount_total")


@dataclass(frozen=True, slots=True)
class Session:
    """A Checkout session."""

    id: str
    url: str
    mode: str
    status: str
    payment_status: str
    currency: str
    total_cents: int
    payment_intent_id: str
    customer_id: str
    livemode: bool

    @classmethod
    def read(cls, document: Document) -> Session:
        return cls(
            id=identity(document, "checkout.session"),
            url=text(document, "url"),
            mode=text(document, "mode"),
            status=text(document, "status"),
            payment_status=text(document, "payment_status"),
            currency=text(document, "currency"),
            # Null where nothing is paid (mode "setup"), which is never a payment of ours.
            total_cents=_total(document),
            payment_intent_id=text(document, "payment_intent"),
            customer_id=text(document, "customer"),
            livemode=document.get("livemode") is True,
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment intent. `receipt_url` is there when its charge was asked for too."""

    id: str
    status: str
    currency: str
    amount_cents: int
    payment_id: str
    customer_id: str
    payment_method_id: str
    livemode: bool
    failure: str
    receipt_url: str

    @classmethod
    def read(cls, document: Document) -> Intent:
        charge = document.get("latest_charge")
        error = document.get("last_payment_error")
        return cls(
            id=identity(document, "payment_intent"),
            status=text(document, "status"),
            currency=text(document, "currency"),
            amount_cents=integer(document, "amount"),
            payment_id=payment_of(document),
            customer_id=text(document, "customer"),
            payment_method_id=text(document, "payment_method"),
            livemode=document.get("livemode") is True,
            failure=text(error, "message") if isinstance(error, Mapping) else "",
            receipt_url=text(charge, "receipt_url") if isinstance(charge, Mapping) else "",
        )


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund; `refund_id` is ours when we made it."""

    id: str
    status: str
    currency: str
    amount_cents: int
    payment_intent_id: str
    refund_id: str

    @classmethod
    def read(cls, document: Document) -> Refund:
        metadata = document.get("metadata")
        return cls(
            id=identity(document, "refund"),
            status=text(document, "status"),
            currency=text(document, "currency"),
            amount_cents=integer(document, "amount"),
            payment_intent_id=text(document, "payment_intent"),
            refund_id=text(metadata, "refund") if isinstance(metadata, Mapping) else "",
        )


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    status: str
    reason: str
    currency: str
    amount_cents: int
    payment_intent_id: str

    @classmethod
    def read(cls, document: Document) -> Dispute:
        return cls(
            id=identity(document, "dispute"),
            status=text(document, "status"),
            reason=text(document, "reason"),
            currency=text(document, "currency"),
            amount_cents=integer(document, "amount"),
            payment_intent_id=text(document, "payment_intent"),
        )
