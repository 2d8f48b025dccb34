from __future__ import annotations

import pytest
from browser import CSS_BYTES_MAX, JS_BYTES_MAX
from gateway_process import unique
from playwright.sync_api import expect


def test_landing_has_no_fault_anywhere(everywhere, gateway):
    everywhere(gateway, "/")


def test_a_page_that_is_not_there_has_no_fault(everywhere, gateway):
    everywhere(gateway, "/nothing/here", status=404)


def test_style_guide_has_no_fault_anywhere(everywhere, workshop):
    everywhere(workshop, "/_styleguide")


def test_style_guide_is_not_there_without_debug(person, gateway):
    person(gateway).open("/_styleguide", status=404)


def test_signed_in_bar_has_no_fault_and_shows_the_balance(everywhere, person, gateway):
    email = f"{unique('alice')}@example.com"
    gateway.caller(credits="12.48", email=email)
    session = gateway.desk("session", email=email)
    everywhere(gateway, "/", session=session)
    bar = person(gateway, session=session).open("/").locator("header.top")
    assert "$12.48" in bar.inner_text()


@pytest.mark.parametrize("path", ["/", "/_styleguide"])
def test_pages_are_light_to_load(person, workshop, path):
    scripts, styles = person(workshop).weight(path)
    assert 0 < scripts <= JS_BYTES_MAX
    assert 0 < styles <= CSS_BYTES_MAX


def test_landing_can_be_read_without_script(person, gateway):
    page = person(gateway, java_script_enabled=False).open("/")
    assert page.get_by_role("heading", level=1).is_visible()
    page.get_by_role("radio", name="TypeScript").check()
    assert page.get_by_text("npm install openai").is_visible()
    assert not page.get_by_text("pip install openai").is_visible()


def test_theme_is_chosen_without_script_and_written_by_the_server(person, gateway):
    page = person(gateway, java_script_enabled=False).open("/nothing/here", status=404)
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark").click()
    assert page.url.endswith("/nothing/here")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    expect(page.locator("body")).to_have_css("background-color", "rgb(12, 14, 20)")


def test_theme_changes_at_once_and_is_kept(person, gateway):
    one = person(gateway)
    page = one.open("/")
    page.get_by_label("Theme").click()
    with page.expect_response("**/theme") as answered:
        page.get_by_role("button", name="Dark").click()
    assert answered.value.status == 204
    assert page.locator("html").get_attribute("data-theme") == "dark"
    one.check()
    assert one.open("/").locator("html").get_attribute("data-theme") == "dark"


def test_language_of_the_examples_is_remembered(person, gateway):
    one = person(gateway)
    one.open("/").get_by_role("radio", name="Python").check()
    assert one.open("/").get_by_text("pip install openai").is_visible()
