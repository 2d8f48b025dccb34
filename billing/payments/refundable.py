"""Whether the owner of a payment may have credits of it back, how many, and if not, why.

A look for pages; `billing.payments.ledger` decides, in the transaction that takes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing.models import Checkout
from billing.payments.money import NANO_PER_CENT, Mode, mode
from billing.payments.refusal_words import FROZEN
from billing.standing import Standing

CENT_NANO = NANO_PER_CENT


@dataclass(frozen=True, slots=True)
class Refundable:
    """`amount_nano` is the most, in whole cents; with 0 there is a `reason`."""

    amount_nano: int = 0
    reason: str = ""


def of(row: Checkout, standing: Standing) -> Refundable:
    reason = _reason(row, standing)
    if reason:
        return Refundable(reason=reason)
    left_nano = row.amount_nano - row.refunded_nano - row.disputed_nano
    most_nano = min(left_nano, standing.available_nano)
    return Refundable(most_nano // CENT_NANO * CENT_NANO)


def _reason(row: Checkout, standing: Standing) -> str:
    if row.state != Checkout.State.PAID:
        return "It was not paid."
    if row.kind == Checkout.Kind.TEST:
        return "It was a test payment: no money moved."
    if standing.frozen:
        return FROZEN
    if row.refunded_nano + row.disputed_nano >= row.amount_nano:
        return "All of it went back already."
    if mode() is not Mode.STRIPE:
        return "Payments are not set up on this server any more. Ask the operator."
    if standing.available_nano < CENT_NANO:
        return "Only unspent credits can be refunded, and none are left."
    return ""
