"""The pages about credits: what they say, whom they show it, and what one form does once."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django import forms

from accounts.models import User
from billing.credits import account_id
from billing.models import Account, AutoTopUp, Checkout, PaymentDispute, Transfer
from billing.payments.purchase import BEGUN_PER_HOUR_MAX, digest_of
from pages.dollars_field import DollarsField

pytestmark = pytest.mark.django_db
DOLLAR = 1_000_000_000
PAGE = "/settings/credits"
TOKEN = "token-of-this-form"
NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)


def user(name="alice", **account):
    made = User.objects.create_user(f"{name}@example.com")
    values = {"posted_nano": 10 * DOLLAR} | account
    Account.objects.create(id=account_id(made), **values)
    return made


@pytest.fixture
def alice():
    return user()


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def stripe(settings):
    """Set up, but nothing here asks it anything."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", "whsec_x"


def payment(owner, id="pay_1", **fields):
    values = {
        "kind": "checkout", "state": "paid", "amount_nano": 10 * DOLLAR, "fee_nano": DOLLAR // 2,
        "created_at": NOON, "paid_at": NOON,
    }  # fmt: skip
    return Checkout.objects.create(
        id=id, user=owner, account_id=account_id(owner), **(values | fields)
    )


def text_of(response):
    """What is read, without marks and white space."""
    body = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode())
    return " ".join(body.split())


def send(browser, amount="10", total="10", token=TOKEN, **more):
    form = {"amount": amount, "total": total, "token": token, **more}
    return browser.post(f"{PAGE}/pay", form)


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


# --- Payments ----------------------------------------------------------------------------------


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


# --- History -----------------------------------------------------------------------------------


def transfer(owner, id, dollars, **fields):
    account = account_id(owner)
    debit, credit = ("promo", account) if dollars > 0 else (account, "revenue")
    values = {"kind": "grant", "ref": account, "created_at": NOON}
    Transfer.objects.create(
        id=id, debit=debit, credit=credit, amount_nano=abs(dollars) * DOLLAR, **(values | fields)
    )


def test_history_shows_what_moved_and_why(browser, alice):
    transfer(alice, "1", 10, reason="welcome")
    transfer(alice, "2", -2, kind="correction", reason="granted twice")
    transfer(alice, "3", -1, kind="capture", ref="gen-1")
    transfer(user("bob"), "4", 7, reason="of bob")
    text = text_of(browser.get(f"{PAGE}/history", {"month": "2024-05"}))
    for words in ("Grant welcome +$10.00 $10.00", "Correction granted twice -$2.00 $8.00"):
        assert words in text
    assert "gen-1 -$1.00 $7.00" in text and "of bob" not in text
    without = text_of(browser.get(f"{PAGE}/history", {"month": "2024-05", "show": "payments"}))
    assert "welcome" in without and "gen-1" not in without


def test_months_lead_to_each_other_where_there_is_something(browser, alice):
    transfer(alice, "1", 10)
    page = browser.get(f"{PAGE}/history", {"month": "2024-06"}).content.decode()
    assert "month=2024-05" in page and "month=2024-07" in page
    assert "month=2024-04" not in browser.get(f"{PAGE}/history?month=2024-05").content.decode()
    now = datetime.now(UTC)
    assert 'rel="next"' not in browser.get(f"{PAGE}/history").content.decode()
    assert f"{now:%B %Y}" in text_of(browser.get(f"{PAGE}/history"))


@pytest.mark.parametrize("month", ["2024-13", "x", "0001-01", "\0", "2024-5"])
def test_months_that_are_none_are_not_found(browser, month):
    for path in ("/history", "/statement"):
        assert browser.get(f"{PAGE}{path}", {"month": month}).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999"])
def test_pages_that_are_not_there_are_one_that_is(browser, alice, page):
    transfer(alice, "1", 10, reason="welcome")
    asked = {"month": "2024-05", "page": page}
    assert "welcome" in text_of(browser.get(f"{PAGE}/history", asked))
    assert browser.get(f"{PAGE}/payments", {"page": page}).status_code == 200


# --- Dollars -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("10", 10 * DOLLAR),
        ("$10.50", 10_500_000_000),
        (" 1,000.25 ", 1_000_250_000_000),
        ("", None),
    ],
)
def test_dollars_are_read_as_people_write_them(text, nano):
    field = DollarsField(DOLLAR, 10_000 * DOLLAR, required=False)
    assert field.clean(text) == nano


@pytest.mark.parametrize("text", ["10,50", "1,00", "0.99", "10.005", "$-1", "1 000", "ten"])
def test_what_is_not_dollars_is_refused(text):
    with pytest.raises(forms.ValidationError, match="whole cents"):
        DollarsField(DOLLAR, 10_000 * DOLLAR).clean(text)
