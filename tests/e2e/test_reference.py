"""The API reference in a browser."""

from __future__ import annotations

import pytest
from browser import CSS_BYTES_MAX, JS_BYTES_MAX
from playwright.sync_api import expect


@pytest.mark.parametrize("path", ["/docs/api", "/docs/api/chat", "/docs/api/byok"])
def test_reference_has_no_fault_anywhere(everywhere, gateway, path):
    everywhere(gateway, path)


def test_fields_open_by_keyboard_and_without_script(person, gateway):
    page = person(gateway, java_script_enabled=False).open("/docs/api/chat")
    call = page.locator("#createChatCompletion")
    assert not call.get_by_text("Only providers that keep no prompts.").is_visible()
    call.locator("div", has=page.locator("code", has_text="provider")).locator(
        "summary"
    ).first.focus()
    page.keyboard.press("Enter")
    assert call.get_by_text("Only providers that keep no prompts.").is_visible()


def test_a_link_leads_to_its_call(person, gateway):
    page = person(gateway).open("/docs/api")
    page.get_by_role("link", name="/api/v1/keys/{hash}").nth(1).click()
    expect(page).to_have_url(f"{gateway.url}/docs/api/keys#changeKey")
    expect(page.get_by_role("heading", name="Change a key")).to_be_visible()


def test_request_is_copied_as_it_is_shown(person, gateway):
    one = person(gateway)
    page = one.open("/docs/api/credits")
    page.locator("#getCredits").get_by_role("button", name="Copy curl example").click()
    expect(page.locator("#live")).to_have_text("Copied")


def test_reference_adds_little_to_what_every_page_loads(person, gateway):
    of_landing, _ = person(gateway).weight("/")
    scripts, styles = person(gateway).weight("/docs/api/chat")
    assert scripts <= min(of_landing + 1024, JS_BYTES_MAX)
    assert styles <= CSS_BYTES_MAX
