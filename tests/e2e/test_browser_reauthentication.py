"""A sign-in of long ago, in a real browser: asked once, back where one was, and on."""

from __future__ import annotations

import pytest
from gateway_process import unique
from playwright.sync_api import expect

PASSWORD = "a-long-sentence-of-mine"
LONG_AGO_S = 7201


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def alice(person, gateway, request):
    """She signed in yesterday, and her browser is still open."""
    email = f"{unique('alice')}@example.com"
    gateway.caller(credits="10", email=email)
    session = gateway.desk("session", email=email, password=PASSWORD, age_s=LONG_AGO_S)
    one = person(gateway, session=session, java_script_enabled=request.param)
    one.has_scripts = request.param
    return one


def confirm(one):
    page = one.page
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    if one.has_scripts:
        one.check()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def test_key_is_made_after_the_password(alice, gateway):
    """The dialog with scripts, a page without."""
    page = alice.open("/settings/keys")
    page.get_by_role("link", name="Create key", exact=True).click()
    confirm(alice)
    expect(page).to_have_url(f"{gateway.url}/settings/keys/new")
    page.get_by_label("Name", exact=True).fill("ci")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", name="ci is ready")).to_be_visible()
    page = alice.open("/settings/keys")
    page.get_by_role("link", name="ci", exact=True).click()
    page.get_by_role("link", name="Rotate").click()
    expect(page.get_by_role("button", name="Rotate key")).to_be_visible()


def test_payment_that_comes_too_late_is_begun_again_from_its_form(alice, gateway):
    page = alice.open("/settings/credits")
    page.get_by_role("button", name="Pay").click()
    confirm(alice)
    expect(page).to_have_url(f"{gateway.url}/settings/credits")
    expect(page.get_by_text("Nothing was done yet")).to_be_visible()


def test_key_of_a_provider_is_not_sent_before_the_password(alice, gateway):
    page = alice.open("/settings/provider-keys")
    page.get_by_label("Key", exact=True).fill("sk-own-0123456789abWXYZ")
    page.get_by_role("button", name="Save without a test").click()
    confirm(alice)
    expect(page).to_have_url(f"{gateway.url}/settings/provider-keys")
    expect(page.get_by_text("Nothing was done yet")).to_be_visible()
    expect(page.get_by_label("Key", exact=True)).to_have_value("")
