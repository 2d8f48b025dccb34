"""Card numbers and what becomes of payments with them; most are Stripe's own test cards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """`declines` and `declines_saved`: the decline code on the page, and with nobody there."""

    brand: str = "visa"
    declines: str = ""
    declines_saved: str = ""
    is_disputed: bool = False
    refund: str = "succeeded"
    """pending, or lost: first succeeded, then failed."""
    is_slow: bool = False
    """The bank answers later: POST /stripe/_control/settle."""


CARDS = {
    "4242424242424242": Card(),
    "5555555555554444": Card(brand="mastercard"),
    "4000000000000002": Card(declines="generic_decline"),
    "4000000000009995": Card(declines="insufficient_funds"),
    "4000000000000341": Card(declines_saved="generic_decline"),
    "4000002500003155": Card(declines_saved="authentication_required"),
    "4000000000000259": Card(is_disputed=True),
    "4000000000007726": Card(refund="pending"),
    "4000000000005126": Card(refund="lost"),
    "000123456789": Card(brand="bank", is_slow=True),
}

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def error_code(decline_code: str) -> str:
    return decline_code if decline_code == "authentication_required" else "card_declined"
