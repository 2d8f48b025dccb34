"""JSON of payments. Dollars are numbers here as everywhere in answers."""

from __future__ import annotations

from typing import Any

from billing.models import AutoTopUp, Checkout, PaymentRefund
from billing.payments.listing import Payment, state_of
from billing.payments.money import CURRENCY, Quote, maximum_nano, minimum_nano, mode, presets
from openrouter_site.money import dollars, format_amount

JsonObject = dict[str, Any]


def quote_shape(quote: Quote | Checkout) -> JsonObject:
    return {
        "amount": dollars(quote.amount_nano),
        "fee": dollars(quote.fee_nano),
        "total": dollars(quote.total_nano),
    }


def offer_shape() -> JsonObject:
    """What can be bought here, and what it costs."""
    return {
        "mode": mode().value,
        "currency": CURRENCY,
        "minimum": dollars(minimum_nano()),
        "maximum": dollars(maximum_nano()),
        "presets": [quote_shape(quote) for quote in presets()],
    }


def checkout_shape(row: Checkout) -> JsonObject:
    return {
        "id": row.id,
        "url": row.url or None,
        "kind": row.kind,
        "state": state_of(row),
        **quote_shape(row),
    }


def payment_shape(payment: Payment) -> JsonObject:
    row = payment.row
    is_paid = row.state == Checkout.State.PAID
    return {
        **checkout_shape(row),
        "url": None if is_paid or row.state == Checkout.State.FAILED else row.url or None,
        "refunded": dollars(row.refunded_nano),
        "disputed": dollars(row.disputed_nano),
        "failure": row.failure or None,
        "created_at": row.created_at.isoformat(),
        "paid_at": row.paid_at and row.paid_at.isoformat(),
        "receipt": _receipt(row) if is_paid else None,
        "refunds": [refund_shape(refund) for refund in payment.refunds],
    }


def _receipt(row: Checkout) -> JsonObject:
    """Our line of it, and Stripe's own page."""
    day = row.paid_at.date().isoformat() if row.paid_at else ""
    how = {"test": "test payment, no money moved", "auto": "paid automatically"}
    line = (
        f"{day} ${format_amount(row.amount_nano)} credits + ${format_amount(row.fee_nano)} fee"
        f" = ${format_amount(row.total_nano)}, {how.get(row.kind, 'paid by Stripe')}"
    )
    return {"number": row.id, "line": line, "url": row.receipt_url or None}


def refund_shape(refund: PaymentRefund) -> JsonObject:
    return {
        "id": refund.id,
        "payment": refund.checkout_id,
        "amount": dollars(refund.amount_nano),
        "state": refund.state,
        "failure": refund.failure or None,
        "created_at": refund.created_at.isoformat(),
    }


def auto_top_up_shape(row: AutoTopUp, spent_this_month_nano: int) -> JsonObject:
    return {
        "enabled": row.enabled,
        "threshold": dollars(row.threshold_nano),
        "amount": dollars(row.amount_nano),
        "monthly_cap": dollars(row.monthly_cap_nano),
        "spent_this_month": dollars(spent_this_month_nano),
        "has_payment_method": bool(row.payment_method_id),
        "disabled_reason": row.disabled_reason or None,
    }
