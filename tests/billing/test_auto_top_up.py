"""Automatic top-ups: off by default, one at a time, capped, and turned off when declined."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from ledger_rows import DOLLAR
from payment_till import Till, balance, poor

from billing.models import AutoTopUp, Checkout
from billing.payments import auto_topup, disputes, reconcile
from openrouter_site.database import orm_connection

GOOD, DECLINED_LATER, SLOW = "4242424242424242", "4000000000000341", "000123456789"


@pytest.fixture
def till(books, fast_simulator, settings):
    return Till(fast_simulator, settings)


def with_card(till, card=GOOD, name="alice", **fields):
    """Somebody who paid $5 with a card that is kept, and asked for $20 below $10."""
    who = poor(name)
    till.bought(who, 5, card=card, saves_card=True)
    values = {
        "enabled": True, "threshold_nano": 10 * DOLLAR, "amount_nano": 20 * DOLLAR,
        "monthly_cap_nano": 100 * DOLLAR,
    }  # fmt: skip
    AutoTopUp.objects.filter(pk=who.user_id).update(**(values | fields))
    return who


def automatic():
    return Checkout.objects.filter(kind="auto").order_by("created_at")


def asked(who):
    return AutoTopUp.objects.get(pk=who.user_id)


def test_it_is_off_until_turned_on(till):
    alice = with_card(till, enabled=False)
    assert AutoTopUp._meta.get_field("enabled").default is False
    assert auto_topup.run() == 0
    assert balance(alice) == 5 * DOLLAR


def test_below_the_threshold_the_saved_card_pays(till):
    alice = with_card(till)
    assert auto_topup.run() == 1
    assert balance(alice) == 25 * DOLLAR
    assert auto_topup.run() == 0
    till.deliver_all()
    assert balance(alice) == 25 * DOLLAR
    (row,) = automatic()
    assert (row.state, row.receipt_url != "") == ("paid", True)


def test_the_month_is_capped_with_fees(till):
    till.settings.PAYMENT_FEE_FIXED_CENTS = 100
    alice = with_card(till, threshold_nano=1000 * DOLLAR, monthly_cap_nano=62 * DOLLAR)
    for _ in range(5):
        auto_topup.run()
    assert automatic().count() == 2
    assert balance(alice) == 45 * DOLLAR
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    automatic().update(created_at=last_month)
    auto_topup.run()
    assert automatic().count() == 3


def test_many_processes_make_one_payment(till):
    alice = with_card(till)

    def work(_):
        with orm_connection():
            return auto_topup.run()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert automatic().count() == 1
    assert balance(alice) == 25 * DOLLAR
    intents = till.stripe.api.payment_intents.list().data
    assert len(intents) == 2


def test_without_an_answer_it_goes_on_with_the_same_payment(till):
    alice = with_card(till)
    till.stripe.control("fault", path="payment_intents", status=500, times=3, after=True)
    auto_topup.run()
    assert [row.state for row in automatic()] == ["pending"]
    automatic().update(created_at=datetime.now(UTC) - timedelta(hours=30))
    till.stripe.control("forget")
    auto_topup.run()
    assert [row.state for row in automatic()] == ["paid"]
    assert balance(alice) == 25 * DOLLAR
    assert len(till.stripe.api.payment_intents.list().data) == 2


def test_after_three_declines_it_is_off_and_says_why(till):
    alice = with_card(till, DECLINED_LATER)
    assert auto_topup.run() == 1
    assert auto_topup.run() == 0, "it waits before it tries again"
    for _ in range(4):
        AutoTopUp.objects.update(next_attempt_at=None)
        auto_topup.run()
        till.deliver_all()
    assert [row.state for row in automatic()] == ["failed"] * 3
    assert (asked(alice).enabled, asked(alice).failures) == (False, 3)
    assert asked(alice).disabled_reason == "Declined 3 times: Your card was declined."
    assert balance(alice) == 5 * DOLLAR


def test_a_payment_that_works_forgets_the_declines(till):
    alice = with_card(till, failures=2)
    auto_topup.run()
    assert asked(alice).failures == 0


def test_a_frozen_account_is_not_topped_up(till):
    alice = with_card(till)
    disputes.freeze(alice.account_id)
    assert auto_topup.run() == 0


def test_a_slow_bank_blocks_the_next_one(till):
    alice = with_card(till)
    (method,) = till.stripe.api.payment_methods.list().data
    auto = asked(alice)
    assert (auto.payment_method_id, auto.customer_id) == (method.id, method.customer)
    bob = with_card(till, name="bob")
    AutoTopUp.objects.filter(pk=alice.user_id).update(enabled=False)
    Checkout.objects.create(
        id="pay_slow", user_id=bob.user_id, account_id=bob.account_id, kind="auto",
        amount_nano=20 * DOLLAR, created_at=datetime.now(UTC),
    )  # fmt: skip
    auto_topup.run()
    assert [row.id for row in automatic()] == ["pay_slow"]
    assert balance(bob) == 25 * DOLLAR


@pytest.mark.parametrize("after", [True, False])
def test_one_without_an_answer_is_cleared_up_when_it_was_turned_off(till, after):
    alice = with_card(till)
    till.stripe.control("fault", path="payment_intents", status=500, times=3, after=after)
    auto_topup.run()
    AutoTopUp.objects.update(enabled=False)
    reconcile.run(timedelta(seconds=-1))
    assert [row.state for row in automatic()] == ["paid" if after else "failed"]
    assert balance(alice) == (25 if after else 5) * DOLLAR
