"""Prices as people write them: dollars per million tokens. Exact, both ways."""

from __future__ import annotations

from openrouter_site.money import format_price, parse_price

TOKENS_PER_MILLION = 1_000_000


def per_million(price_pico: int) -> str:
    """Pico-dollars per token as dollars per million tokens: 200600 -> 0.2006."""
    return format_price(price_pico * TOKENS_PER_MILLION)


def parse_per_million(text: str) -> int:
    """Dollars per million tokens as pico-dollars per token; raises ValueError."""
    price_pico, rest = divmod(parse_price(text), TOKENS_PER_MILLION)
    if rest:
        raise ValueError(f"price {text!r} is finer than 0.000001 $ per million tokens")
    return price_pico
