from __future__ import annotations

import pytest
from browser import CSS_BYTES_MAX, JS_BYTES_MAX
from playwright.sync_api import expect

from documentation.outline import SLUGS


@pytest.mark.parametrize("path", ["/docs", "/docs/errors", "/docs/search?q=limit"])
def test_docs_have_no_fault_anywhere(everywhere, gateway, path):
    everywhere(gateway, path)


@pytest.mark.timeout(300)
def test_no_page_of_the_docs_has_a_fault_on_a_phone(person, gateway):
    one = person(gateway, width=360, theme="dark")
    for slug in SLUGS:
        one.look("/docs" if slug == "index" else f"/docs/{slug}")


def test_docs_are_light_to_load(person, gateway):
    scripts, styles = person(gateway).weight("/docs/routing")
    assert 0 < scripts <= JS_BYTES_MAX
    assert 0 < styles <= CSS_BYTES_MAX


def test_search_follows_what_is_typed_and_keeps_it_in_the_address(person, gateway):
    page = person(gateway).open("/docs/search")
    page.get_by_role("searchbox", name="Search for").press_sequentially("top_k")
    first = page.locator("#found li a").first
    expect(first).to_have_text("top_k")
    expect(page).to_have_url(f"{gateway.url}/docs/search?q=top_k")
    first.click()
    expect(page).to_have_url(f"{gateway.url}/docs/parameters#top_k")
    expect(page.get_by_role("heading", name="top_k")).to_be_in_viewport()


def test_search_and_tabs_work_without_script(person, gateway):
    page = person(gateway, java_script_enabled=False).open("/docs/quick-start")
    page.get_by_role("radio", name="Python").first.check()
    expect(page.get_by_text("# pip install openai")).to_be_visible()
    box = page.get_by_role("searchbox", name="Search the documentation").first
    box.fill("fallback")
    box.press("Enter")
    expect(page.locator("#found li")).not_to_have_count(0)


def test_the_language_chosen_here_is_that_of_the_whole_site(person, gateway):
    one = person(gateway)
    one.open("/docs/quick-start").get_by_role("radio", name="TypeScript").first.check()
    expect(one.page.get_by_role("radio", name="TypeScript").last).to_be_checked()
    expect(one.open("/").get_by_role("radio", name="TypeScript")).to_be_checked()


def test_a_phone_has_the_menu_above_the_page(person, gateway):
    one = person(gateway, width=390)
    page = one.open("/docs/routing")
    page.get_by_text("All pages").click()
    one.check()
    page.get_by_role("link", name="Self-hosting").first.click()
    expect(page).to_have_url(f"{gateway.url}/docs/self-hosting")


def test_menu_and_contents_show_where_one_is(person, gateway):
    page = person(gateway).open("/docs/rankings")
    expect(page.locator(".side-docs [aria-current]")).to_be_in_viewport()
    page.goto("/docs/streaming#cancelling")
    current = page.locator('.contents [aria-current="location"]')
    expect(current).to_have_text("Cancelling")
