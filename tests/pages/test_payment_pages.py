"""Receipts, refunds, disputes and automatic top-ups, as their pages tell of them."""

from __future__ import annotations

import pytest
from credit_rows import DOLLAR, NOON, PAGE, TOKEN, payment, text_of, user
from sessions import sign_in

from billing.credits import account_id
from billing.models import Account, AutoTopUp, PaymentDispute

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return user()


@pytest.fixture
def browser(client, alice):
    sign_in(client, alice)
    return client


@pytest.fixture
def stripe(settings):
    """Set up, but nothing here asks it anything."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", "whsec_x"


def test_receipt_has_all_figures(browser, alice):
    payment(alice, receipt_url="https://pay.stripe.com/receipts/x", refunded_nano=4 * DOLLAR)
    page = browser.get(f"{PAGE}/payments/pay_1")
    text = text_of(page)
    for word in (
        "pay_1", "alice@example.com", "2024-05-15 12:00:00 UTC", "Credits $10.00 Fee $0.50",
        "Total, in US dollars $10.50", "Partly refunded",
    ):  # fmt: skip
        assert word in text
    assert 'href="https://pay.stripe.com/receipts/x"' in page.content.decode()


def test_states_are_said_in_words(browser, alice):
    payment(alice, "pay_1", state="pending", paid_at=None, url="https://checkout.stripe.com/x")
    payment(alice, "pay_2", state="failed", failure="The bank did not pay.", paid_at=None)
    payment(alice, "pay_3", refunded_nano=10 * DOLLAR)
    payment(alice, "pay_4", kind="test")
    text = text_of(browser.get(f"{PAGE}/payments"))
    for word in ("Pending Go on", "Failed The bank did not pay.", "Refunded", "no money moved"):
        assert word.split(" Go on")[0] in text
    assert "Go on to pay" in text


def test_dispute_is_explained(browser, alice):
    row = payment(alice, disputed_nano=10 * DOLLAR)
    PaymentDispute.objects.create(
        id="dp_1", checkout=row, account_id=row.account_id, amount_nano=10 * DOLLAR, state="open",
        reason="fraudulent", created_at=NOON,
    )  # fmt: skip
    text = text_of(browser.get(f"{PAGE}/payments/pay_1"))
    assert "This payment is disputed" in text and "fraudulent" in text
    assert "Your account is frozen until that is settled." in text


def test_refund_that_cannot_be_says_why(browser, alice, stripe):
    payment(alice, kind="test")
    for answer in (
        browser.get(f"{PAGE}/payments/pay_1/refund"),
        browser.post(f"{PAGE}/payments/pay_1/refund", {"amount": "1", "token": TOKEN}),
    ):
        assert "It was a test payment: no money moved." in text_of(answer)


def test_refund_asks_once_more_and_names_the_most(browser, alice, stripe):
    Account.objects.update(posted_nano=3 * DOLLAR)
    payment(alice)
    page = browser.get(f"{PAGE}/payments/pay_1/refund")
    assert 'value="3"' in page.content.decode() and "At most $3.00" in text_of(page)
    assert "The fee of $0.50 is kept." in text_of(page)
    for amount, token in (("3.01", TOKEN), ("0", TOKEN), ("", TOKEN), ("1", "")):
        sent = {"amount": amount, "token": token}
        assert browser.post(f"{PAGE}/payments/pay_1/refund", sent).status_code == 400


# --- Automatic top-ups -------------------------------------------------------------------------

TERMS = {"threshold": "5", "amount": "20", "monthly_cap": "100"}


def card(alice, **more):
    return AutoTopUp.objects.create(
        user=alice, account_id=account_id(alice), payment_method_id="pm_1", **more
    )


def test_auto_top_up_is_off_until_it_is_turned_on(browser, alice, stripe):
    card(alice, disabled_reason="Declined 3 times: no funds", failures=3)
    assert "It turned itself off Declined 3 times: no funds" in text_of(browser.get(PAGE))
    assert browser.post(f"{PAGE}/auto-top-up", TERMS).status_code == 302
    row = AutoTopUp.objects.get()
    assert (row.enabled, row.failures, row.disabled_reason) == (True, 0, "")
    assert (row.threshold_nano, row.amount_nano, row.monthly_cap_nano) == (
        5 * DOLLAR, 20 * DOLLAR, 100 * DOLLAR,
    )  # fmt: skip
    assert "$0 of $100.00 spent this month" in text_of(browser.get(PAGE))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"monthly_cap": "19"}, "less than one top-up"),
        ({"amount": "1"}, "from $5 to $1,000"),
        ({"threshold": ""}, "This field is required"),
    ],
)
def test_terms_that_make_no_sense_are_shown_beside_their_field(
    browser, alice, stripe, wrong, words
):
    card(alice)
    page = browser.post(f"{PAGE}/auto-top-up", TERMS | wrong)
    assert page.status_code == 400 and words in text_of(page)
    assert not AutoTopUp.objects.get().enabled


def test_auto_top_up_needs_a_card_and_stripe(browser, alice, settings):
    assert browser.post(f"{PAGE}/auto-top-up", TERMS).status_code == 403
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    page = browser.post(f"{PAGE}/auto-top-up", TERMS)
    assert page.status_code == 409 and "No card is saved" in text_of(page)
    assert not AutoTopUp.objects.exists()


def test_turning_off_always_works(browser, alice):
    card(alice, enabled=True)
    assert browser.post(f"{PAGE}/auto-top-up", {"off": "1"}).status_code == 302
    assert not AutoTopUp.objects.get().enabled
