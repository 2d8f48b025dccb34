"""Buying and seeing credits in a browser, with a real fake Stripe behind the real redirects."""

from __future__ import annotations

import pytest
from browser import Person
from gateway_process import unique, wait_until
from playwright.sync_api import expect
from stripe_account import GOOD, StripeAccount, new_key
from wire_client import chat

SECRET = "whsec_e2e"
PAGE = "/settings/credits"
SLOW_BANK = "000123456789"


@pytest.fixture(scope="module")
def stripe(fast_simulator):
    return StripeAccount(fast_simulator, new_key())


@pytest.fixture(scope="module")
def shop(new_gateway, stripe, fast_simulator):
    """The product with Stripe and a fee of 5 % + 30 cents."""
    made = new_gateway(
        SECRET_KEY="e2e" * 20, STRIPE_SECRET_KEY=stripe.key, STRIPE_WEBHOOK_SECRET=SECRET,
        STRIPE_API_BASE=f"http://127.0.0.1:{fast_simulator.port}/stripe",
        PAYMENT_FEE_PERCENT="5", PAYMENT_FEE_FIXED_CENTS="30",
    )  # fmt: skip
    made.environment["SITE_URL"] = made.url
    stripe.control("webhook", url=f"{made.url}/webhooks/stripe", secret=SECRET)
    return made.start()


def account(site, **more):
    """(caller, session) of somebody new."""
    email = f"{unique('alice')}@example.com"
    return site.caller(email=email, **more), site.desk("session", email=email)


@pytest.fixture
def alice(person, shop):
    """Somebody without credits, before her browser; Stripe's page is not ours to guard."""
    _, session = account(shop, credits="0")
    one = person(shop, session=session)
    one.page.unroute("**/*")
    return one


def pay_at_stripe(page, card=GOOD):
    page.wait_for_url("**/stripe/**")
    page.get_by_role("textbox").fill(card)
    page.get_by_role("button", name="Pay").click()


def buy(page, amount="10", **choices):
    page.locator(f"[name=amount][value='{amount}']").check()
    if choices.get("save_card"):
        page.get_by_role("checkbox", name="Keep this card").check()
        # The total brings a new button: one that comes while the mouse is down takes the click.
        expect(page.locator("body")).not_to_have_attribute("aria-busy", "true")
    page.get_by_role("button", name="Pay $").click()
    pay_at_stripe(page)
    page.wait_for_url("**/payments/success**")


def transfers(one):
    """The amounts of the history as it is shown, newest first."""
    page = one.open(f"{PAGE}/history")
    return page.locator("td[data-label=Amount]").all_inner_texts()


# --- Buying ------------------------------------------------------------------------------------


def test_fee_and_total_are_shown_while_one_chooses(alice):
    page = alice.open(PAGE)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    quote = page.locator("#quote")
    expect(quote).to_contain_text("$10.80")
    page.get_by_role("radio", name="$25").check()
    expect(quote).to_contain_text("$26.55")
    page.get_by_label("Another amount").fill("7.50")
    expect(quote).to_contain_text("$8.18")
    assert not page.get_by_role("radio", name="$25").is_checked()
    page.get_by_label("Another amount").fill("4.99")
    expect(page.locator("#own-amount-error")).to_contain_text("from $5 to $1,000")
    # Once for each, and not again when the field is left: the button is about to be pressed.
    page.get_by_label("Another amount").press("Tab")
    alice.check()
    assert len([url for url in asked if "quote" in url]) == 3, asked


def test_out_of_credits_a_payment_refreshed_while_pending_lets_the_request_run(
    person, shop, stripe
):
    """Journey 9, without the estimate of the composer."""
    caller, session = account(shop, credits="0.001")
    alice = person(shop, session=session)
    alice.page.unroute("**/*")
    refused = chat(shop, caller, "Write a story", "openai/gpt-4", max_tokens=1000)
    assert refused.status == 402 and "add credits" in refused.error["message"]
    assert f"{shop.url}{PAGE}" in refused.error["metadata"]["remedy_hint"]
    page = alice.open("/settings/keys")
    expect(page.locator(".banner")).to_contain_text("Your credits are low: $0.001")
    page.locator(".banner").get_by_role("link", name="Add credits").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#quote")).to_contain_text("$10.80")
    page.get_by_role("button", name="Pay $10.80").click()
    pay_at_stripe(page, SLOW_BANK)
    page.wait_for_url("**/payments/success**")
    pending = page.locator("#payment")
    expect(pending).to_contain_text("Payment pending")
    # Only of our own page from here on: Stripe's has no icon.
    alice.watch.forget()
    page.reload()
    expect(pending).to_contain_text("Payment pending")
    alice.check()
    session_id = page.url.partition("session_id=")[2]
    stripe.control("settle", session=session_id, paid=True)
    # Nobody loads the page again: it asks by itself.
    expect(pending).to_contain_text("Credits added", timeout=20_000)
    page.reload()
    expect(pending).to_contain_text("$10.00 are available now")
    assert transfers(alice) == ["+$10.00", "+$0.001"]
    expect(page.locator("header .balance")).to_contain_text("$10.00")
    ran = chat(shop, caller, "Write a story", "openai/gpt-4", max_tokens=1000)
    assert ran.status == 200 and ran.text


def test_a_button_pressed_twice_begins_one_payment(alice):
    page = alice.open(PAGE)
    token = page.locator("[name=token]").input_value()
    page.get_by_role("button", name="Pay $10.80").dblclick()
    page.wait_for_url("**/stripe/**")
    first = page.url
    page.go_back()
    page.evaluate("token => document.querySelector('[name=token]').value = token", token)
    page.get_by_role("button", name="Pay $10.80").click()
    page.wait_for_url("**/stripe/**")
    assert page.url == first
    rows = alice.open(f"{PAGE}/payments").locator("tbody tr")
    assert rows.count() == 1


def test_without_script_the_total_is_said_before_it_is_paid(person, shop):
    _, session = account(shop, credits="0")
    one = person(shop, session=session, java_script_enabled=False)
    one.page.unroute("**/*")
    page = one.open(PAGE)
    page.get_by_role("radio", name="$50").check()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review your payment")
    page.get_by_role("button", name="Pay $52.80").click()
    pay_at_stripe(page)
    page.wait_for_url("**/payments/success**")
    expect(page.locator("#payment")).to_contain_text("Credits added", timeout=20_000)


# --- What is shown of it -----------------------------------------------------------------------


def test_unspent_credits_go_back_after_one_more_look(alice):
    page = alice.open(PAGE)
    buy(page)
    expect(page.locator("#payment")).to_contain_text("Credits added", timeout=20_000)
    page.get_by_role("link", name="Receipt").click()
    expect(page.locator("main")).to_contain_text("$10.80")
    page.get_by_role("link", name="Refund").click()
    page.get_by_label("Amount").fill("4")
    page.get_by_role("button", name="Refund credits").click()
    expect(page.locator("main")).to_contain_text("Partly refunded")
    assert transfers(alice) == ["-$4.00", "+$10.00"]


def test_auto_top_up_is_turned_on_with_a_saved_card_and_off_again(alice):
    page = alice.open(PAGE)
    buy(page, save_card=True)
    expect(page.locator("#payment")).to_contain_text("Credits added", timeout=20_000)
    wait_until(
        lambda: alice.open(PAGE).get_by_role("button", name="Turn on").count(), "the card",
    )  # fmt: skip
    page.get_by_label("At most in a month").fill("5")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#auto-top-up")).to_contain_text("less than one top-up")
    page.get_by_label("At most in a month").fill("100")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#auto-top-up")).to_contain_text("On")
    alice.look(PAGE, name="credits-auto-top-up")
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()


def test_credits_in_test_mode_are_marked_as_such(person, gateway):
    _, session = account(gateway, credits="0")
    one = person(gateway, session=session)
    page = one.look(PAGE, name="credits-test-mode")
    expect(page.locator("main")).to_contain_text("no money moves")
    page.get_by_role("button", name="Make a test payment").click()
    expect(page.locator("#payment")).to_contain_text("takes no money")
    one.check()
    page.get_by_role("button", name="Make the test payment").click()
    expect(page.locator("#payment")).to_contain_text("Test credits added")
    page.reload()
    expect(page.locator("#payment")).to_contain_text("Test credits added")
    assert transfers(one) == ["+$10.00"]


@pytest.fixture(scope="module")
def paid(chromium, shop):
    """(session, addresses by name) of somebody who bought credits."""
    _, session = account(shop, credits="0")
    one = Person(chromium, shop, session=session)
    one.page.unroute("**/*")
    page = one.open(PAGE)
    buy(page)
    expect(page.locator("#payment")).to_contain_text("Credits added", timeout=20_000)
    receipt = page.get_by_role("link", name="Receipt").get_attribute("href")
    success = page.url.removeprefix(shop.url)
    one.close()
    return session, {
        "credits": PAGE, "wrong-amount": f"{PAGE}?amount=0", "payments": f"{PAGE}/payments",
        "receipt": receipt, "refund": f"{receipt}/refund", "history": f"{PAGE}/history",
        "nothing-moved": f"{PAGE}/history?month=2024-01", "success": success,
        "cancelled": "/payments/cancel",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "credits", "wrong-amount", "payments", "receipt", "refund", "history", "nothing-moved",
        "success", "cancelled",
    ],
)  # fmt: skip
def test_page_has_no_fault_anywhere(everywhere, shop, paid, name):
    session, addresses = paid
    everywhere(shop, addresses[name], session=session)


@pytest.mark.parametrize(("credits", "debt"), [("0", None), ("0", "3")], ids=["none", "negative"])
def test_what_an_empty_account_means_is_said(everywhere, shop, credits, debt):
    _, session = account(shop, credits=credits, debt=debt)
    everywhere(shop, PAGE, session=session)
