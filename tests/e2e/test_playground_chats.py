"""Chats that are kept, found, thrown away or never kept; and tabs that nobody looks at."""

from __future__ import annotations

import re

import pytest
from gateway_process import unique
from playground_steps import GPT, composer, foot, pane, send
from playwright.sync_api import expect


@pytest.fixture
def player_id(gateway):
    return gateway.caller(email=f"{unique('keeper')}@example.com").user_id


@pytest.fixture
def at_play(person, gateway, player_id):
    def opened(*models, **how):
        one = person(gateway, session=gateway.desk("session", user_id=player_id), **how)
        one.open(f"/playground?models={','.join(models)}")
        expect(one.page.locator("#play[data-ready]")).to_be_attached()
        return one

    return opened


def answer(page):
    return pane(page).locator(".answer").last


def test_nothing_of_a_temporary_chat_is_kept(at_play, gateway, player_id):
    one = at_play(GPT)
    page = one.page
    page.get_by_role("button", name="Temporary").click()
    send(page, "A secret [[say: Kept nowhere.]]")
    expect(answer(page)).to_have_text("Kept nowhere.")
    expect(foot(page)).to_contain_text("$")
    expect(page).to_have_url(re.compile(r"/playground\?models="))
    rows = gateway.sql(
        "SELECT m.id FROM playground_message m JOIN playground_chat c ON c.id = m.chat_id"
        " WHERE c.user_id = %s",
        player_id,
    )
    assert rows == []


def test_chats_are_renamed_found_deleted_and_brought_back(at_play):
    one = at_play(GPT)
    page = one.page
    send(page, "What is a lighthouse? [[say: A tower with a lamp.]]")
    expect(answer(page)).to_have_text("A tower with a lamp.")
    chats = page.get_by_role("dialog", name="Chats")
    if not chats.is_visible():
        page.get_by_role("button", name="Chats", exact=True).click()
    row = chats.locator(".chats-row")
    expect(row).to_contain_text("What is a lighthouse?")
    row.locator("summary").click()
    row.get_by_role("button", name="Rename").click()
    row.get_by_role("textbox", name="New title").fill("Towers")
    with page.expect_response("**/playground/chats?*"):
        # The list is read again meanwhile, as it is when an answer is saved.
        chats.get_by_label("Search chats").dispatch_event("input")
    expect(row.get_by_role("textbox", name="New title")).to_have_value("Towers")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Towers")
    chats.get_by_label("Search chats").fill("lamp")
    expect(row).to_have_count(1)
    chats.get_by_label("Search chats").fill("nothing of it")
    expect(chats.get_by_text("No chat has these words.")).to_be_visible()
    chats.get_by_label("Search chats").fill("")
    chats.get_by_role("button", name="New chat").click()
    expect(pane(page).get_by_text("Ask GPT-4o something below.")).to_be_visible()
    row.get_by_role("link", name="Towers").click()
    expect(answer(page)).to_have_text("A tower with a lamp.")
    row.locator("summary").click()
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Towers")
    page.get_by_role("button", name="Share").first.wait_for(state="hidden")


def test_how_long_chats_are_kept_is_chosen_below_their_list(at_play, gateway, player_id):
    one = at_play(GPT)
    page = one.page
    chats = page.get_by_role("dialog", name="Chats")
    if not chats.is_visible():
        page.get_by_role("button", name="Chats", exact=True).click()
    chats.get_by_label("Keep chats nobody uses").select_option("90 days")
    expect(page.get_by_text("nobody used for 90 days are deleted at night")).to_be_visible()
    one.check()
    (kept,) = gateway.sql(
        "SELECT chat_days FROM playground_preferences WHERE user_id = %s", player_id
    )
    assert kept["chat_days"] == 90
    page.reload()
    expect(chats.get_by_label("Keep chats nobody uses")).to_have_value("90")


def test_a_hidden_tab_says_that_it_is_done(at_play, gateway):
    one = at_play(GPT)
    page = one.page
    gate = unique("gate")
    send(page, f"Hello [[simulate gate={gate}]]")
    expect(composer(page)).to_have_value("")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    gateway.open_gate(gate)
    expect(page).to_have_title(re.compile(r"^\(1\) Hello"))
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title(re.compile(r"^Hello"))
