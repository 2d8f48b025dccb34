"""The custom elements, on the style guide."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def guide(person, workshop):
    return person(workshop).open("/_styleguide")


def test_copy_works_without_the_clipboard_of_secure_pages(person, workshop):
    one = person(workshop)
    one.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = one.open("/_styleguide")
    page.get_by_label("Copy base URL").click()
    expect(page.locator("#live")).to_have_text("Copied")
    field = page.locator("#guide-limit")
    field.fill("")
    field.press("Control+v")
    expect(field).to_have_value("http://localhost:8000/api/v1")
    one.check()


def test_dialog_opens_keeps_the_focus_and_closes(guide):
    opener = guide.get_by_role("button", name="Open dialog")
    opener.click()
    dialog = guide.get_by_role("dialog", name="Delete key ci?")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("element => element.contains(document.activeElement)")
    guide.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    guide.mouse.click(10, 500)
    expect(dialog).to_be_hidden()


def test_open_dialog_and_open_menu_have_no_fault(person, workshop):
    one = person(workshop, width=390, theme="dark")
    page = one.open("/_styleguide")
    page.get_by_role("button", name="Open sheet").click()
    one.check()
    page.keyboard.press("Escape")
    page.get_by_label("Theme").click()
    one.check()


def test_menu_goes_by_keys(guide):
    summary = guide.get_by_label("Theme")
    summary.focus()
    guide.keyboard.press("Enter")
    guide.keyboard.press("ArrowDown")
    expect(guide.get_by_role("button", name="Light")).to_be_focused()
    guide.keyboard.press("ArrowUp")
    expect(guide.get_by_role("button", name="As the system")).to_be_focused()
    guide.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(guide.get_by_role("button", name="Light")).to_be_hidden()


def test_combobox_searches_anywhere_and_goes_by_keys(guide):
    box = guide.get_by_role("combobox", name="Model")
    box.fill("mixtral")
    options = guide.get_by_role("listbox", name="Model").get_by_role("option")
    expect(options).to_have_count(1)
    guide.keyboard.press("ArrowDown")
    guide.keyboard.press("Enter")
    assert box.input_value() == "mistralai/mixtral-8x22b-instruct"
    expect(guide.locator(".combo-list")).to_be_hidden()


def test_keys_of_the_page(guide):
    guide.keyboard.press("/")
    expect(guide.locator("[data-filter]")).to_be_focused()
    guide.keyboard.press("?")  # it is written, not obeyed
    expect(guide.get_by_role("dialog", name="Keys")).to_be_hidden()
    guide.locator("[data-filter]").blur()
    guide.keyboard.press("?")
    expect(guide.get_by_role("dialog", name="Keys")).to_be_visible()


def test_keys_can_be_switched_off(guide):
    guide.evaluate("document.documentElement.dataset.keys = 'off'")
    guide.keyboard.press("?")
    guide.keyboard.press("/")
    expect(guide.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(guide.locator("[data-filter]")).not_to_be_focused()


def test_first_tab_leads_past_the_menu(guide):
    guide.keyboard.press("Tab")
    skip = guide.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    guide.keyboard.press("Enter")
    expect(guide).to_have_url(re.compile("#content$"))
