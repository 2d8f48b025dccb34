"""The page about credits: what it says, whom it shows it, and that one form is one payment."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from credit_rows import DOLLAR, PAGE, TOKEN, payment, send, text_of, user
from sessions import sign_in

from billing.credits import account_id
from billing.models import Account, Checkout
from billing.payments.purchase import BEGUN_PER_HOUR_MAX, digest_of

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


# --- Who sees what -----------------------------------------------------------------------------

ALL = ("", "/quote", "/history", "/statement", "/payments", "/payments/pay_1")


@pytest.mark.parametrize("path", [*ALL, "/payments/pay_1/refund"])
def test_strangers_are_asked_to_sign_in(client, alice, path):
    payment(alice)
    answer = client.get(f"{PAGE}{path}")
    assert answer.status_code == 302 and "next=" in answer["Location"]


@pytest.mark.parametrize("path", ["/pay", "/auto-top-up", "/payments/pay_1/refund"])
def test_strangers_change_nothing(client, alice, path):
    payment(alice)
    assert client.post(f"{PAGE}{path}", {"off": "1"}).status_code == 302


def test_others_see_nothing_of_a_payment(browser):
    payment(user("bob"))
    for path in ("/payments/pay_1", "/payments/pay_1/refund", "/payments/none"):
        assert browser.get(f"{PAGE}{path}").status_code == 404
    assert browser.post(f"{PAGE}/payments/pay_1/refund", {"amount": "1"}).status_code == 404
    assert "pay_1" not in browser.get(f"{PAGE}/payments").content.decode()


def test_nothing_about_money_is_cached(browser, alice):
    payment(alice)
    for path in ("", "/quote", "/history", "/payments", "/payments/pay_1"):
        assert "no-store" in browser.get(f"{PAGE}{path}")["Cache-Control"]


# --- How the account stands --------------------------------------------------------------------


def test_balance_and_what_is_set_aside_are_shown(browser, alice):
    Account.objects.update(held_nano=DOLLAR // 4)
    text = text_of(browser.get(PAGE))
    assert "Available $9.75" in text
    assert "Balance $10.00 Set aside for open requests $0.25" in text
    assert "9 a second" in text and "200 of 200 requests left" in text


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"posted_nano": -DOLLAR}, "Every request is answered with 402, also for free models."),
        ({"posted_nano": 0}, "Free models still answer."),
        ({"held_nano": 10 * DOLLAR}, "set aside for open requests"),
        ({"frozen": True}, "until the operator lets the account go on"),
        ({"posted_nano": 4 * DOLLAR}, "That is below $5.00."),
    ],
)
@pytest.mark.parametrize("path", ["", "/history"])
def test_every_page_says_what_the_balance_means(browser, settings, account, words, path):
    settings.LOW_BALANCE_NANO = 5 * DOLLAR
    Account.objects.update(**account)
    assert words in text_of(browser.get(f"{PAGE}{path}"))


def test_who_has_enough_is_warned_of_nothing(browser):
    assert "402" not in text_of(browser.get(PAGE))


# --- Buying ------------------------------------------------------------------------------------


def test_fee_and_total_are_said_before_anything_begins(browser, settings):
    settings.PAYMENT_FEE_PPM, settings.PAYMENT_FEE_FIXED_CENTS = 50_000, 30
    assert "Credits $25.00 Fee $1.55 Total $26.55" in text_of(
        browser.get(f"{PAGE}/quote", {"amount": "25"})
    )
    own = browser.get(f"{PAGE}/quote", {"amount": "25", "own_amount": "7.50"})
    assert "Credits $7.50 Fee $0.68 Total $8.18" in text_of(own)
    assert not Checkout.objects.exists()


@pytest.mark.parametrize(
    "amount",
    ["4.99", "1000.01", "-5", "ten", "10.001", "1_0", "١٠", "10,50", "\0", "1e2", "9" * 50],
)
def test_amounts_that_cannot_be_are_told_which_can(browser, amount):
    for answer in (
        browser.get(f"{PAGE}/quote", {"own_amount": amount}),
        browser.get(PAGE, {"amount": amount}),
        send(browser, amount="10", own_amount=amount),
    ):
        assert "from $5 to $1,000." in text_of(answer)
        assert answer.status_code in (200, 400)
    assert not Checkout.objects.exists()


def test_amount_in_the_address_is_chosen(browser):
    page = browser.get(PAGE, {"amount": "25"}).content.decode()
    assert re.search(r'value="25"\s+checked', page)
    assert re.search(
        r'name="own_amount"[^>]*value="12"', browser.get(f"{PAGE}?amount=12").content.decode()
    )


def test_total_that_was_not_shown_is_reviewed_first(browser, settings):
    settings.PAYMENT_FEE_FIXED_CENTS = 30
    page = send(browser, amount="25", total="10.3")
    assert "Review your payment" in text_of(page) and "$25.30" in text_of(page)
    assert not Checkout.objects.exists()
    fields = dict(
        re.findall(r'name="(amount|total|token)"\s+value="([^"]*)"', page.content.decode())
    )
    assert fields == {"amount": "25", "total": "25.3", "token": TOKEN}
    assert send(browser, **fields).status_code == 302


def test_one_form_begins_one_payment(browser):
    first, second = send(browser), send(browser)
    row = Checkout.objects.get()
    assert (row.kind, row.amount_nano) == ("test", 10 * DOLLAR)
    assert first["Location"] == second["Location"] == f"/payments/test/{row.id}"
    assert send(browser, amount="25", total="25")["Location"] != first["Location"]
    assert send(browser, token="another-form-of-it")["Location"] != first["Location"]


def test_form_of_a_payment_that_is_paid_leads_to_its_receipt(browser):
    send(browser)
    Checkout.objects.update(state="paid")
    row = Checkout.objects.get()
    assert send(browser)["Location"] == f"{PAGE}/payments/{row.id}"


def test_form_without_a_token_is_shown_again_with_one(browser):
    page = send(browser, token="")
    assert "Review your payment" in text_of(page)
    assert re.search(r'name="token" value="[\w-]{16,}"', page.content.decode())
    for token in ("x", "\0" * 20, "<b>" * 10):
        assert send(browser, token=token).status_code == 400
    assert not Checkout.objects.exists()


def test_begun_too_often_is_said_on_the_page(browser, alice):
    for number in range(BEGUN_PER_HOUR_MAX):
        payment(alice, f"pay_{number}", state="pending", created_at=datetime.now(UTC))
    page = send(browser)
    assert page.status_code == 429 and "Try again later" in text_of(page)
    assert f'value="{TOKEN}"' in page.content.decode()


def begun_at(alice, url):
    """A payment begun by the form of TOKEN."""
    account = account_id(alice)
    return payment(
        alice, state="pending", url=url, idempotency_key=f"page:{TOKEN}:10:0",
        request_sha=digest_of(account, 10 * DOLLAR, False), fee_nano=0,
    )  # fmt: skip


def test_browsers_may_go_on_to_stripe(browser, alice, stripe):
    assert "form-action 'self' https://*.stripe.com" in browser.get(PAGE)["Content-Security-Policy"]
    begun_at(alice, "https://checkout.stripe.com/c/pay/x")
    answer = send(browser)
    assert (answer.status_code, answer["Location"]) == (303, "https://checkout.stripe.com/c/pay/x")


@pytest.mark.parametrize(
    "host", ["pay.example.com", "evilstripe.com", "checkout.stripe.com.example"]
)
def test_stripes_page_at_another_domain_is_a_link(browser, alice, stripe, host):
    begun_at(alice, f"https://{host}/x")
    page = send(browser)
    assert page.status_code == 200 and f'href="https://{host}/x"' in page.content.decode()


def test_where_nobody_can_pay_the_page_says_whom_to_ask(browser, settings):
    settings.PRODUCTION = True
    text = text_of(browser.get(PAGE, secure=True))
    assert "add credits to the account of alice@example.com" in text
    assert "grant_credits --email alice@example.com" in text
    answer = browser.post(
        f"{PAGE}/pay", {"amount": "10", "total": "10", "token": TOKEN}, secure=True
    )
    assert answer.status_code == 403 and not Checkout.objects.exists()
