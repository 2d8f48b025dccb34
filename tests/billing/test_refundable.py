"""What may be refunded of a payment, and the reason where nothing may."""

from __future__ import annotations

import pytest

from billing.models import Checkout
from billing.payments import refundable
from billing.standing import Standing

CENT = 10_000_000
DOLLAR = 100 * CENT


def of(*, posted=50 * DOLLAR, held=0, frozen=False, **row):
    values = {"kind": "checkout", "state": "paid", "amount_nano": 10 * DOLLAR}
    return refundable.of(Checkout(**(values | row)), Standing(posted, held, frozen, 0))


@pytest.fixture(autouse=True)
def stripe(settings):
    settings.STRIPE_SECRET_KEY = "sk_test_x"


@pytest.mark.parametrize(
    ("how", "most"),
    [
        ({}, 10 * DOLLAR),
        ({"refunded_nano": 4 * DOLLAR}, 6 * DOLLAR),
        ({"posted": 3 * DOLLAR}, 3 * DOLLAR),
        ({"posted": 3 * DOLLAR + 1, "held": DOLLAR}, 2 * DOLLAR),
        ({"posted": CENT * 5 // 2}, 2 * CENT),
    ],
)
def test_unspent_whole_cents_can_go_back(how, most):
    assert of(**how) == refundable.Refundable(most)


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"state": "pending"}, "not paid"),
        ({"kind": "test"}, "test payment"),
        ({"frozen": True}, "froze"),
        ({"refunded_nano": 10 * DOLLAR}, "went back already"),
        ({"refunded_nano": 4 * DOLLAR, "disputed_nano": 6 * DOLLAR}, "went back already"),
        ({"posted": CENT - 1}, "unspent"),
        ({"posted": -DOLLAR}, "unspent"),
    ],
)
def test_where_nothing_can_the_reason_is_said(how, word):
    found = of(**how)
    assert found.amount_nano == 0 and word in found.reason


def test_without_stripe_nothing_goes_back(settings):
    settings.STRIPE_SECRET_KEY = ""
    assert "Ask the operator" in of().reason
