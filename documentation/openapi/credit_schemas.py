"""The schemas of credits and payments."""

from __future__ import annotations

from collections.abc import Mapping

from documentation.openapi.schema import (
    Fields,
    Schema,
    boolean,
    either,
    listing,
    moment,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)

#: What is sent: dollars in whole cents, as a number or as text.
DOLLARS: Schema = either(number(minimum=0), text(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$"))


def dollars(says: str) -> Schema:
    return {**DOLLARS, "description": says}


_QUOTE: Fields = {
    "amount": number("Dollars of credits."),
    "fee": number("Dollars on top of them."),
    "total": number("Dollars to pay."),
}

_OFFER = record(
    {
        "mode": one_of(
            "`test`: credits cost nothing here. `manual`: an operator grants them.",
            "stripe", "test", "manual",
        ),
        "currency": text(),
        "minimum": number(),
        "maximum": number(),
        "presets": listing(ref("Quote")),
    },
    "What can be bought.",
)  # fmt: skip

_CHECKOUT: Fields = {
    "id": text(),
    "url": nullable(text("Where it is paid.")),
    "kind": one_of("", "checkout", "auto", "test"),
    "state": one_of(
        "", "pending", "failed", "credited", "disputed", "refunded", "partly_refunded"
    ),
    **_QUOTE,
}  # fmt: skip

_PAYMENT = record(
    {
        **_CHECKOUT,
        "refunded": number(),
        "disputed": number(),
        "failure": nullable(text("Why it failed.")),
        "created_at": moment(),
        "paid_at": nullable(moment()),
        "receipt": nullable(
            record({"number": text(), "line": text(), "url": nullable(text("Stripe's own."))})
        ),
        "refunds": listing(ref("Refund")),
    },
    "A payment, and what went back of it.",
)

_REFUND = record(
    {
        "id": text(),
        "payment": text(),
        "amount": number(),
        "state": one_of("", "requested", "pending", "succeeded", "failed"),
        "failure": nullable(text()),
        "created_at": moment(),
    },
    "Dollars on their way back to the card.",
)

_AUTO_TOP_UP = record(
    {
        "enabled": boolean(),
        "threshold": number("Dollars below which credits are bought."),
        "amount": number("Dollars that are bought."),
        "monthly_cap": number("The most dollars that are paid in a month, in UTC."),
        "spent_this_month": number(),
        "has_payment_method": boolean("Whether a card is saved."),
        "disabled_reason": nullable(text("Why it was turned off.")),
    },
    "Automatic top-ups.",
)

SCHEMAS: Mapping[str, Schema] = {
    "Offer": _OFFER,
    "Quote": record(_QUOTE, "What an amount costs."),
    "Checkout": record(_CHECKOUT, "A payment that has begun."),
    "Payment": _PAYMENT,
    "Refund": _REFUND,
    "AutoTopUp": _AUTO_TOP_UP,
    "CheckoutRequest": record(
        {
            "amount": dollars("Dollars of credits, in whole cents."),
            "save_payment_method": boolean("Whether the card is kept for automatic top-ups."),
        },
        "Unknown fields are refused.",
        required=("amount",),
        closed=True,
    ),
    "RefundRequest": record(
        {
            "payment": text("Its id.", pattern="^[A-Za-z0-9_]{1,64}$"),
            "amount": dollars("Dollars, in whole cents; by default all of it."),
        },
        "Unknown fields are refused.",
        required=("payment",),
        closed=True,
    ),
    "AutoTopUpTerms": record(
        {
            "enabled": boolean(),
            "threshold": dollars("Dollars below which credits are bought."),
            "amount": dollars("Dollars that are bought."),
            "monthly_cap": dollars("The most that is paid in a month."),
        },
        "To turn it on, all of them are needed. Unknown fields are refused.",
        required=("enabled",),
        closed=True,
    ),
}
