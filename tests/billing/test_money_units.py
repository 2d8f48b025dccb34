"""Units of money against exact fractions."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from openrouter_site.money import (
    AMOUNT_MAX_NANO,
    cost_ceiling_nano,
    cost_nano,
    dollars,
    format_amount,
    format_price,
    parse_amount,
    parse_price,
)

CASES = 100_000


def test_cost_is_the_exact_cost_rounded_half_up_once():
    rng = random.Random(20240515)
    for _ in range(CASES):
        parts = [
            (rng.randrange(10 ** rng.randint(0, 7)), rng.randrange(10 ** rng.randint(1, 9)))
            for _ in range(rng.randint(0, 4))
        ]
        exact = Fraction(sum(units * price for units, price in parts), 1000)
        cost, ceiling = cost_nano(parts), cost_ceiling_nano(parts)
        assert -Fraction(1, 2) < cost - exact <= Fraction(1, 2)
        assert 0 <= ceiling - exact < 1
        assert cost <= ceiling


@pytest.mark.parametrize(("pico", "nano", "ceiling"), [(499, 0, 1), (500, 1, 1), (1500, 2, 2)])
def test_half_a_nano_dollar_is_rounded_up(pico, nano, ceiling):
    assert cost_nano([(1, pico)]) == nano
    assert cost_ceiling_nano([(1, pico)]) == ceiling


def test_free_is_exactly_nothing():
    assert cost_nano([(10**9, 0)]) == cost_ceiling_nano([(10**9, 0)]) == cost_nano([]) == 0


@pytest.mark.parametrize(
    ("format", "parse", "places"),
    [(format_amount, parse_amount, 9), (format_price, parse_price, 12)],
)
def test_text_and_units_are_the_same_in_both_directions(format, parse, places):
    rng = random.Random(7)
    for _ in range(CASES // 2):
        units = rng.randrange(-(10 ** rng.randint(1, 18)), 10 ** rng.randint(1, 18))
        text = format(units)
        assert "e" not in text.lower()
        assert Fraction(text) == Fraction(units, 10**places)
        assert parse(text) == parse(Decimal(text)) == units


def test_json_number_shows_every_amount_below_a_million_dollars_exactly():
    rng = random.Random(11)
    for _ in range(CASES):
        amount = rng.randrange(10 ** rng.randint(1, 15))
        assert Decimal(repr(dollars(amount))) == Decimal(amount) / 10**9


@pytest.mark.parametrize(
    "text", ["", "x", "NaN", "Infinity", "-Infinity", "1e400", "0.0000000001", "9223372037", None]
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="amount"):
        parse_amount(text)


def test_largest_amount_fits_the_column():
    assert parse_amount(format_amount(AMOUNT_MAX_NANO)) == AMOUNT_MAX_NANO == 2**63 - 1
