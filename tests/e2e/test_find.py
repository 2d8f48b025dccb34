"""The search of the top bar: Ctrl K, arrows, Enter."""

from __future__ import annotations

import pytest
from gateway_process import unique
from playwright.sync_api import expect


@pytest.fixture
def page(person, gateway):
    return person(gateway).open("/docs/routing")


def search(page, words):
    page.keyboard.press("Control+k")
    field = page.get_by_role("dialog", name="Search").get_by_role("searchbox")
    expect(field).to_be_focused()
    field.fill(words)
    return page.get_by_role("dialog", name="Search")


def test_models_and_documentation_are_found_by_keyboard_alone(page, gateway):
    found = search(page, "llama 70b instruct")
    expect(found.get_by_role("list", name="Models").get_by_role("link").first).to_contain_text(
        "meta-llama/llama-3-70b-instruct"
    )
    found = search(page, "fallback")
    expect(found.get_by_role("list", name="Documentation").get_by_role("link")).to_have_count(5)
    expect(found.get_by_role("list", name="Models")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(found.get_by_role("link").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(found.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    target = found.get_by_role("link").first.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gateway.url}{target}")


def test_enter_opens_the_first_of_what_was_found(page, gateway):
    search(page, "gpt-4-turbo-preview")
    page.keyboard.press("Enter")  # before the answer is there
    expect(page).to_have_url(f"{gateway.url}/openai/gpt-4-turbo-preview")


def test_enter_without_an_answer_shows_the_list_of_models(page, gateway):
    search(page, "xyzzy plugh")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gateway.url}/models?q=xyzzy+plugh")


def test_own_pages_and_keys_are_found_and_those_of_others_are_not(person, gateway):
    word = unique("laptop")
    alice = gateway.caller(email=f"{unique('alice')}@example.com")
    gateway.sql("UPDATE accounts_apikey SET name = %s WHERE id = %s", word, alice.key_id)
    (user,) = gateway.sql("SELECT email FROM accounts_user WHERE id = %s", alice.user_id)
    one = person(gateway, session=gateway.desk("session", email=user["email"]))
    page = one.open("/activity")
    found = search(page, "provider keys")
    expect(found.get_by_role("list", name="Pages").get_by_role("link")).to_have_text(
        ["Provider keys"]
    )
    found = search(page, word)
    expect(found.get_by_role("list", name="Keys").get_by_role("link")).to_contain_text([word])
    one.check()
    other = person(gateway, session=gateway.desk("session", email=f"{unique('bob')}@example.com"))
    found = search(other.open("/activity"), word)
    expect(found.get_by_text("Nothing has all these words.")).to_be_visible()


@pytest.mark.parametrize("width", [1360, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_search_is_without_fault(person, gateway, theme, width):
    one = person(gateway, theme=theme, width=width)
    page = one.open("/models")
    if width < 560:
        page.locator("summary[aria-label=Menu]").click()
        page.get_by_role("button", name="Search", exact=True).click()
    else:
        page.get_by_role("button", name="Search models, docs…").click()
    dialog = page.get_by_role("dialog", name="Search")
    expect(dialog.get_by_role("list", name="Models").get_by_role("link")).to_have_count(6)
    one.check()


def test_search_is_on_the_playground_too(person, gateway):
    session = gateway.desk("session", email=f"{unique('alice')}@example.com")
    page = person(gateway, session=session).open("/playground")
    search(page, "gpt-4-turbo-preview")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gateway.url}/openai/gpt-4-turbo-preview")
