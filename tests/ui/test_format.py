from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrouter_site.money import format_amount
from ui import format

NOW = datetime(2024, 6, 12, 14, 2, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount_nano", "written"),
    [
        (0, "$0"),
        (2_600_000, "$0.0026"),
        (11_800_000, "$0.0118"),
        (900_000, "$0.0009"),
        (163, "$0.00000016"),
        (1, "$0.000000001"),
        (500_000_000, "$0.50"),
        (999_960_000, "$1.00"),
        (12_480_000_000, "$12.48"),
        (12_485_000_000, "$12.49"),
        (1_234_567_000_000_000, "$1,234,567.00"),
        (-3_200_000_000, "-$3.20"),
        (None, "—"),
    ],
)
def test_money(amount_nano, written):
    assert format.money(amount_nano) == written


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_money_is_never_scientific_and_near_the_truth(amount_nano):
    text = format.money(amount_nano)
    assert "e" not in text.lower()
    units = int(round(float(text.replace("$", "").replace(",", "")) * 10**9))
    assert abs(units - amount_nano) <= max(abs(amount_nano) // 20, 5_000_000, abs(units) // 10**12)


@given(st.integers(min_value=0, max_value=2**62))
def test_exact_money_loses_nothing(amount_nano):
    text = format.money_exact(amount_nano).replace("$", "").replace(",", "")
    assert "e" not in text
    assert Decimal(text) == Decimal(format_amount(amount_nano)) == Decimal(amount_nano) / 10**9


@pytest.mark.parametrize(
    ("price_pico", "written"),
    [
        (590_000, "$0.59"),
        (9_375_000, "$9.375"),
        (5_000_000, "$5.00"),
        (200_600, "$0.2006"),
        (0, "$0"),
        (None, "—"),
    ],
)
def test_price_of_a_million_tokens(price_pico, written):
    assert format.price_per_million(price_pico) == written


@pytest.mark.parametrize(
    ("price_pico", "written"),
    [(None, "—"), (0, "$0"), (2_312_000_000, "$0.002312"), (1, "$0.000000000001"),
     (5 * 10**12, "$5.00")],
)  # fmt: skip
def test_price_of_one_image_is_exact(price_pico, written):
    assert format.price_each(price_pico) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (842, "842"),
        (9_204, "9,204"),
        (24_600, "24.6K"),
        (999_949, "1M"),
        (128_000, "128K"),
        (24_640_000, "24.6M"),
        (1_000_000_000, "1B"),
        (7_890_000_000_000_000, "7,890T"),
        (-24_600, "-24.6K"),
        (None, "—"),
    ],
)
def test_compact_numbers(number, written):
    assert format.compact(number) == written


def test_context_lengths():
    lengths = [None, 500, 8192, 32_768, 131_072, 200_000, 2_800_000, 1_000_000]
    written = [format.context_length(length) for length in lengths]
    assert written == ["—", "500", "8K", "33K", "131K", "200K", "2.8M", "1M"]


def test_counts_and_shares():
    assert format.count(18402) == "18,402"
    assert format.percent(989, 1000) == "98.9%"
    assert format.percent(-1, 8) == "-12.5%"
    assert format.percent(1, 1, 0) == "100%"
    assert format.percent(1, 0) == "—"


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (None, "—"),
        (0, "0 s"),
        (380, "0.38 s"),
        (1_900, "1.9 s"),
        (12_340, "12 s"),
        (125_000, "2 min 5 s"),
        (12_000_000, "3 h 20 min"),
    ],
)
def test_durations(milliseconds, written):
    assert format.duration(milliseconds) == written


@pytest.mark.parametrize(
    ("away", "written"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(minutes=5, seconds=59), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=2, hours=5), "2 d ago"),
        (timedelta(days=40), "3 May 2024"),
        (-timedelta(seconds=3), "in a moment"),
        (-timedelta(hours=26), "in 1 d"),
    ],
)
def test_relative_times(away, written):
    assert format.relative(NOW - away, NOW) == written


def test_moments_are_written_in_utc():
    berlin = timezone(timedelta(hours=2))
    assert format.exact(NOW.astimezone(berlin)) == "2024-06-12 14:02:31 UTC"
    assert format.day(datetime(2024, 6, 1, 1, tzinfo=berlin)) == "31 May 2024"
    assert (format.exact(None), format.relative(None, NOW)) == ("never", "never")
