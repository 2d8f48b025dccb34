"""How the Playground looks in every state, and what it weighs."""

from __future__ import annotations

import pytest
from browser import CSS_BYTES_MAX, THEMES, WIDTH_MIN
from playground_steps import GPT, LLAMA, LLAMA_NAME, OPUS, TURBO, ask, at_rest, composer, pane
from playwright.sync_api import expect

# What comes when it is needed (highlighting, formulas, 3D) is not counted.
JS_BYTES_MAX = 110 * 1024


@pytest.mark.parametrize("width", [1360, 390])
def test_it_has_no_fault_whatever_state_answers_are_in(play, width):
    one, page, line = play(GPT, LLAMA, OPUS, TURBO, width=width)
    starts = ask(page, line, panes=4)
    line.answer(starts[GPT])
    line.delta(line.accept(starts[LLAMA], "Together"), 3, "Think of it as a receipt number")
    line.say(type="run.processing", run=line.accept(starts[OPUS], "Anthropic"), elapsed_s=4)
    line.fail(starts[TURBO], 429, "It is busy.", provider_name="Mancer", retry_after_seconds=20)
    expect(pane(page, "GPT-3.5 Turbo").get_by_text("not charged").first).to_be_attached()
    for theme in THEMES:
        one.turn(theme)
        one.photograph("/playground", "playground")
        one.check()
    if width == 390:
        one.shrink_to(WIDTH_MIN)
        one.check_width()


@pytest.mark.parametrize("width", [1360, 390])
def test_what_opens_has_no_fault(play, width):
    one, page, line = play(GPT, LLAMA, width=width)
    line.answer(ask(page, line, panes=2)[GPT])
    opened = {
        "Add model": "Add a model",
        "System prompt": "System prompt of this chat",
        "View code": "View code",
        "Parameters of GPT-4o": "Parameters of GPT-4o",
        "Tools": "Tools",
    }
    for button, title in opened.items():
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("dialog", name=title)).to_be_visible()
        for theme in THEMES:
            one.turn(theme)
            one.photograph("/playground", f"playground-{title.split()[0].lower()}")
            one.check()
        page.keyboard.press("Escape")
    chats = page.get_by_role("dialog", name="Chats")
    if not chats.is_visible():
        page.get_by_role("button", name="Chats", exact=True).click()
    expect(chats).to_be_visible()
    one.photograph("/playground", "playground-chats")
    one.check()


def test_it_is_light_to_load(person, gateway, player):
    scripts, styles = person(gateway, session=player).weight("/playground")
    assert 0 < scripts <= JS_BYTES_MAX
    assert 0 < styles <= CSS_BYTES_MAX


def test_without_script_it_says_so(person, gateway, player):
    one = person(gateway, session=player, java_script_enabled=False)
    page = one.page
    page.goto("/playground")
    expect(page.locator("noscript .callout-title")).to_have_text("The Playground needs JavaScript")
    expect(page.locator("#play")).to_be_hidden()


def test_a_chat_of_another_person_does_not_exist(person, gateway, player):
    one = person(gateway, session=player)
    one.look("/playground/c/chat-0123456789abcdefghijkl", status=404)


def test_the_log_follows_only_who_is_at_its_end(play):
    _, page, line = play(GPT)
    run = line.accept(ask(page, line)[GPT])
    line.delta(run, 2, "".join(f"Line {n}\n\n" for n in range(80)))
    log = pane(page).get_by_role("log")
    expect(log.get_by_text("Line 79")).to_be_in_viewport()
    log.hover()
    page.mouse.wheel(0, -900)
    expect(page.get_by_role("button", name="Latest")).to_be_visible()
    before = at_rest(log)
    line.delta(run, 3, "".join(f"More {n}\n\n" for n in range(80)))
    expect(log.get_by_text("More 79")).to_be_attached()
    assert log.evaluate("log => log.scrollTop") == before
    page.get_by_role("button", name="Latest").click()
    expect(log.get_by_text("More 79")).to_be_in_viewport()


def test_on_a_phone_models_are_tabs_and_swiped(play):
    one, page, line = play(GPT, LLAMA, width=390, has_touch=True)
    tabs = page.get_by_role("navigation", name="Models")
    tabs.get_by_role("button", name=LLAMA_NAME).click()
    expect(pane(page, LLAMA_NAME)).to_be_in_viewport(ratio=0.9)
    page.locator("#play-panes").evaluate("box => box.scrollTo({left: 0})")
    expect(tabs.get_by_role("button", name="GPT-4o")).to_have_attribute("aria-current", "true")
    assert composer(page).evaluate("box => getComputedStyle(box).fontSize") == "16px"
    composer(page).fill("x\n" * 60)
    height = composer(page).evaluate("box => box.clientHeight")
    assert height <= 0.4 * 900 + 1
    one.shrink_to(WIDTH_MIN)
    one.check_width()
