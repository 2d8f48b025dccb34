"""Panes of the Playground, what is set in them and what they send."""

from __future__ import annotations

import json
import re

from playground_steps import GPT, LLAMA, LLAMA_NAME, ask, composer, pane
from playwright.sync_api import expect


def test_panes_are_moved_doubled_muted_and_removed(play):
    _, page, line = play(GPT, LLAMA)

    def names():
        return page.locator(".pane-title .clip").all_inner_texts()

    def choose(name, what):
        pane(page, name).first.get_by_label("More of this pane").click()
        page.get_by_role("button", name=what, exact=True).filter(visible=True).first.click()

    choose("GPT-4o", "Move right")
    assert names() == [LLAMA_NAME, "GPT-4o"]
    choose("GPT-4o", "Duplicate")
    assert names() == [LLAMA_NAME, "GPT-4o", "GPT-4o"]
    choose(LLAMA_NAME, "Mute")
    expect(page.get_by_text("To 2 of 3")).to_be_visible()
    page.get_by_role("button", name="Remove Llama 3 70B Instruct").click()
    assert names() == ["GPT-4o", "GPT-4o"]
    page.get_by_role("button", name="Undo").click()
    assert names() == [LLAMA_NAME, "GPT-4o", "GPT-4o"]
    for _ in range(3):
        choose("GPT-4o", "Duplicate")
    expect(page.get_by_role("button", name="Add model")).to_be_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") == 1360
    widths = page.locator(".pane").evaluate_all("all => all.map((one) => one.clientWidth)")
    assert min(widths) >= 339


def test_parameters_reach_the_request(play):
    _, page, line = play(GPT, LLAMA)
    page.get_by_role("button", name="Parameters of GPT-4o").click()
    sheet = page.get_by_role("dialog", name="Parameters of GPT-4o")
    expect(sheet.get_by_label("Top A")).to_be_disabled()
    expect(sheet.get_by_text("No provider of GPT-4o takes it.").first).to_be_visible()
    sheet.get_by_label("Temperature").fill("7")
    expect(sheet.get_by_text("A number from 0 to 2.")).to_be_visible()
    sheet.get_by_label("Temperature").fill("0.2")
    sheet.get_by_label("Seed").fill("7")
    sheet.get_by_label("Stop").fill("END\nFIN")
    sheet.get_by_label("System prompt of this pane").fill("Be short.")
    sheet.get_by_label("Start of the answer").fill("Well,")
    sheet.get_by_role("switch", name="JSON mode").check()
    sheet.get_by_label("Providers to try first").fill("OpenAI, Azure")
    sheet.get_by_label("Transforms").select_option("None")
    sheet.get_by_role("button", name="Done").click()
    expect(pane(page).locator(".pane-chip")).to_contain_text("temperature 0.2 +")
    body = ask(page, line, "Hi", panes=2)[GPT]["body"]
    assert body == {
        "model": GPT, "stream": True, "temperature": 0.2, "seed": 7, "stop": ["END", "FIN"],
        "messages": [
            {"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Well,"},
        ],
        "response_format": {"type": "json_object"}, "transforms": [],
        "provider": {"order": ["OpenAI", "Azure"]},
    }  # fmt: skip
    page.get_by_role("button", name="Parameters of GPT-4o").click()
    page.get_by_role("button", name="Apply to all panes").click()
    expect(pane(page, LLAMA_NAME).locator(".pane-chip")).to_contain_text("temperature 0.2 +")
    page.get_by_role("button", name="Parameters of GPT-4o").click()
    page.get_by_role("button", name="Reset").click()
    expect(pane(page).locator(".pane-chip")).to_be_hidden()


def test_the_code_is_what_is_sent(play):
    _, page, line = play(GPT)
    composer(page).fill('It\'s "quoted".')
    page.get_by_role("button", name="View code").click()
    dialog = page.get_by_role("dialog", name="View code")
    shown = dialog.get_by_label("Code", exact=True).inner_text()
    sent = json.loads(re.search(r"-d '(.*)'$", shown, re.DOTALL)[1].replace("'\\''", "'"))
    dialog.get_by_role("radio", name="Python").check()
    python = dialog.get_by_label("Code", exact=True).inner_text()
    compile(python, "shown", "exec")
    page.keyboard.press("Escape")
    composer(page).focus()
    page.keyboard.press("Enter")
    assert line.asked("run.start")[0]["body"] == sent


def test_the_picker_says_why_not(person, gateway, play):
    _, page, _ = play(GPT)
    page.get_by_role("button", name="Add model").click()
    dialog = page.get_by_role("dialog", name="Add a model")
    dialog.get_by_label("Search models").fill("no such model")
    expect(dialog.get_by_role("status")).to_have_text("No model has all of these words.")
    dialog.get_by_label("Search models").fill("haiku")
    dialog.get_by_role("button", name="Favourite: Anthropic: Claude 3 Haiku", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add model").click()
    expect(dialog.get_by_role("heading", name="Favourites")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(pane(page, "Claude 3 Haiku")).to_be_visible()
    page.get_by_role("button", name="Add model").click()
    expect(dialog.get_by_role("heading", name="Recent")).to_be_visible()
