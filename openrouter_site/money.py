"""Units of money: amounts are integer nano-dollars, prices integer pico-dollars per token.

Everything inside the product is an integer; text and JSON numbers are made and read here, at the
edges, and nowhere else. A nano-dollar is 1e-9 USD, a pico-dollar 1e-12 USD.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation

NANO_PER_DOLLAR = 1_000_000_000
PICO_PER_DOLLAR = 1_000_000_000_000
PICO_PER_NANO = 1_000
AMOUNT_MAX_NANO = 2**63 - 1

# The default context rounds to 28 digits in silence; this one refuses to round.
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])


def _parse(text: str | int | Decimal, units_per_dollar: int, what: str) -> int:
    try:
        scaled = _EXACT.multiply(Decimal(text), Decimal(units_per_dollar))
    except (InvalidOperation, Inexact, TypeError, ValueError):
        raise ValueError(f"{what} {text!r} is not a decimal number of dollars") from None
    if not scaled.is_finite():
        raise ValueError(f"{what} {text!r} is not a finite number of dollars")
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{what} {text!r} is finer than 1/{units_per_dollar} dollar")
    if abs(scaled) > AMOUNT_MAX_NANO:
        raise ValueError(f"{what} {text!r} is too large")
    return int(scaled)


def parse_price(text: str | int | Decimal) -> int:
    """Dollars per token (or image, or request) as pico-dollars; raises ValueError."""
    return _parse(text, PICO_PER_DOLLAR, "price")


def parse_amount(text: str | int | Decimal) -> int:
    """Dollars as nano-dollars; raises ValueError."""
    return _parse(text, NANO_PER_DOLLAR, "amount")


def _format(units: int, units_per_dollar: int) -> str:
    sign, units = ("-", -units) if units < 0 else ("", units)
    whole, rest = divmod(units, units_per_dollar)
    decimals = str(rest).zfill(len(str(units_per_dollar)) - 1).rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def format_price(price_pico: int) -> str:
    """Pico-dollars as plain decimal dollars, never 1e-7: 200600 -> 0.0000002006."""
    return _format(price_pico, PICO_PER_DOLLAR)


def format_amount(amount_nano: int) -> str:
    """Nano-dollars as plain decimal dollars: 4920000 -> 0.00492."""
    return _format(amount_nano, NANO_PER_DOLLAR)


def dollars(amount_nano: int) -> float:
    """Nano-dollars as a JSON number. For answers only: nothing may compute with it.

    Integer division is rounded correctly, so the shortest decimal of the float is the amount itself
    for every amount below a million dollars.
    """
    return amount_nano / NANO_PER_DOLLAR


def cost_nano(parts: Iterable[tuple[int, int]]) -> int:
    """Cost of (units, price_pico) pairs, rounded half up once, on the total (design/money.md)."""
    total_pico = sum(units * price_pico for units, price_pico in parts)
    return (total_pico + PICO_PER_NANO // 2) // PICO_PER_NANO


def cost_ceiling_nano(parts: Iterable[tuple[int, int]]) -> int:
    """Like cost_nano, rounded up: what a hold sets aside must cover what is charged."""
    total_pico = sum(units * price_pico for units, price_pico in parts)
    return -(-total_pico // PICO_PER_NANO)
