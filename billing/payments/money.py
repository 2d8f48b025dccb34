"""Cents and nano-dollars, what a payment costs, and by whom payments are taken here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from django.conf import settings

from openrouter_site.money import parse_amount

NANO_PER_CENT = 10_000_000
CURRENCY = "usd"
_PPM = 1_000_000
# Decimal() reads other scripts' digits and 1_0 too.
_DOLLARS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


class Mode(Enum):
    """STRIPE takes money; TEST gives credits for nothing and says so; MANUAL: an operator grants
    them, and nobody can pay."""

    STRIPE = "stripe"
    TEST = "test"
    MANUAL = "manual"


def mode() -> Mode:
    if settings.STRIPE_SECRET_KEY:
        return Mode.STRIPE
    return Mode.MANUAL if settings.PRODUCTION else Mode.TEST


def nano_of_cents(cents: int) -> int:
    return cents * NANO_PER_CENT


def cents_of_nano(amount_nano: int) -> int:
    """Raises ValueError unless it is a whole number of cents."""
    cents, rest = divmod(amount_nano, NANO_PER_CENT)
    if rest:
        raise ValueError("the amount is finer than a cent")
    return cents


def read_dollars(value: str | int | Decimal, *, minimum_nano: int, maximum_nano: int) -> int:
    """Dollars as nano-dollars, whole cents; raises ValueError outside of these bounds too."""
    if isinstance(value, str) and not _DOLLARS.fullmatch(value):
        raise ValueError("no dollars")
    amount_nano = parse_amount(value)
    cents_of_nano(amount_nano)
    if not minimum_nano <= amount_nano <= maximum_nano:
        raise ValueError("too little or too much")
    return amount_nano


@dataclass(frozen=True, slots=True)
class Quote:
    """What credits of `amount_nano` cost: the fee comes on top, and is known before anyone pays."""

    amount_nano: int
    fee_nano: int

    @property
    def total_nano(self) -> int:
        return self.amount_nano + self.fee_nano


def quote(amount_nano: int) -> Quote:
    """The fee is PAYMENT_FEE_PERCENT, rounded half up to a cent, and PAYMENT_FEE_FIXED_CENTS."""
    share = cents_of_nano(amount_nano) * settings.PAYMENT_FEE_PPM
    cents = (share + _PPM // 2) // _PPM + settings.PAYMENT_FEE_FIXED_CENTS
    return Quote(amount_nano, nano_of_cents(cents))


def minimum_nano() -> int:
    return nano_of_cents(settings.PAYMENT_MIN_CENTS)


def maximum_nano() -> int:
    return nano_of_cents(settings.PAYMENT_MAX_CENTS)


def presets() -> list[Quote]:
    """The amounts on offer that the minimum and maximum allow."""
    amounts = [nano_of_cents(cents) for cents in settings.PAYMENT_PRESETS_CENTS]
    return [quote(amount) for amount in amounts if minimum_nano() <= amount <= maximum_nano()]


def share_of_total(given_back_nano: int, amount_nano: int, total_nano: int) -> tuple[int, int]:
    """Which part of what Stripe gave back was credits, and which was our fee.

    In proportion, so that the order of several partial refunds makes no difference.
    """
    credits_nano = given_back_nano * amount_nano // total_nano
    return credits_nano, given_back_nano - credits_nano
