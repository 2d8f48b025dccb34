"""Asking on the Playground, before a server that says what the test wants."""

from __future__ import annotations

import re

from playground_steps import GPT, LLAMA, LLAMA_NAME, OPUS, ask, composer, foot, pane
from playwright.sync_api import expect


def test_an_answer_says_what_it_took_and_cost(play):
    _, page, line = play(GPT, LLAMA)
    starts = ask(page, line, panes=2)
    assert starts[GPT]["body"]["messages"] == [
        {"role": "user", "content": "Explain idempotency keys."}
    ]
    assert starts[GPT]["body"]["stream"] is True and starts[GPT]["chat"].startswith("chat-")
    attempts = [{"provider": "Azure", "model": GPT, "status": 503, "ms": 9, "error": "overloaded"}]
    line.answer(starts[GPT], attempts=attempts)
    line.answer(starts[LLAMA], ms=2500, cost="0.00049")
    below = foot(page)
    for words in (
        "1.9 s",
        "TTFT 0.41 s",
        "86 tok/s",
        "24 → 163 tok",
        "$0.0026",
        "via OpenAI",
        "Fallback",
        "Fastest",
    ):
        expect(below).to_contain_text(words)
    expect(below.get_by_role("link", name="Generation")).to_have_attribute(
        "href", "/activity/gen-8fK2bXQx"
    )
    expect(foot(page, LLAMA_NAME)).to_contain_text("Cheapest")
    expect(page.locator("#bar-cost")).to_have_text("$0.0031")
    expect(page.locator("#bar-cost")).to_have_attribute("title", "$0.00309")
    expect(page.locator("#live")).to_contain_text("GPT-4o finished, 163 tokens, 1.9 s")
    expect(page).to_have_url(re.compile("/playground/c/chat-"))


def test_the_way_to_the_first_word_is_told(play):
    _, page, line = play(OPUS)
    page.clock.install()
    there = pane(page, "Claude 3 Opus")
    composer(page).fill("Hello")
    page.keyboard.press("Enter")
    (start,) = line.asked("run.start")
    expect(there.get_by_text("Queued")).to_be_visible()
    run = line.accept(start, "Anthropic")
    expect(there.get_by_text("Connecting to Anthropic…")).to_be_visible()
    line.say(type="run.processing", run=run, elapsed_s=4)
    expect(there.get_by_text("Anthropic is processing… 4")).to_be_visible()
    page.clock.run_for(21_000)
    expect(
        there.get_by_text("Still waiting for Anthropic: nothing was heard for 2")
    ).to_be_visible()
    expect(there.get_by_role("button", name="Switch model", exact=True)).to_be_visible()
    line.delta(run, 3, "Words")
    expect(there.get_by_text("Still waiting")).to_be_hidden()
    expect(there.get_by_role("log")).to_have_attribute("aria-busy", "true")
    expect(there.locator(".pane-foot")).to_contain_text("Streaming")


def test_an_error_says_whose_fault_it_is_and_can_be_tried_again(play):
    _, page, line = play(GPT)
    line.fail(
        ask(page, line)[GPT],
        429,
        "It is busy.",
        provider_name="Mancer",
        retry_after_seconds=20,
        raw="slow down",
    )
    there = pane(page)
    for words in (
        "Mancer is rate-limited upstream",
        "429",
        "retry after 20 s",
        "not charged",
        "gen-8fK2bXQx",
    ):
        expect(there.locator(".error-card")).to_contain_text(words)
    there.get_by_role("button", name="Details").click()
    expect(there.get_by_label("Details")).to_contain_text("slow down")
    there.get_by_role("button", name="Retry").click()
    (first, again) = line.asked("run.start", 2)
    assert again["question"] is None and again["parent"] == first["question"]["id"]
    assert again["body"] == first["body"]


def test_what_cannot_be_paid_is_not_sent(play):
    _, page, line = play(
        GPT, line={"blocked": "It may cost $0.0115, and $0.001 is left.", "worst": "0.0115"}
    )
    composer(page).fill("Hello")
    blocked = page.get_by_role("alert").filter(has_text="$0.001 is left")
    expect(blocked).to_be_visible()
    expect(blocked.get_by_role("link", name="Add credits")).to_have_attribute(
        "href", "/settings/credits"
    )
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute(
        "aria-disabled", "true"
    )
    assert line.of("run.start") == []
    line.blocked = None
    composer(page).fill("Hi")
    expect(blocked).to_be_hidden()
    expect(page.locator("#composer-estimate")).to_have_text("~24 tok · ≤ $0.0115 for 1 model")


def test_enter_of_an_input_method_sends_nothing(play):
    _, page, line = play(GPT)
    composer(page).fill("にほん")
    for detail in ({"key": "Enter", "isComposing": True}, {"key": "Enter", "keyCode": 229}):
        composer(page).dispatch_event("keydown", detail)
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(composer(page)).to_have_value("にほん\ntwo")
    assert line.of("run.start") == []
    page.keyboard.press("Enter")
    (start,) = line.asked("run.start")
    assert start["question"]["content"] == "にほん\ntwo"


def test_enter_is_for_the_chosen_and_control_enter_for_all(play):
    _, page, line = play(GPT, LLAMA)
    page.get_by_text("To all 2").click()
    page.get_by_role("button", name=LLAMA_NAME, exact=True).filter(visible=True).last.click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("To 1 of 2")).to_be_visible()
    composer(page).fill("One")
    page.keyboard.press("Enter")
    (start,) = line.asked("run.start")
    line.answer(start)
    expect(pane(page).get_by_text("That is all.")).to_be_visible()
    composer(page).fill("Both")
    page.keyboard.press("Control+Enter")
    starts = line.asked("run.start", 3)
    assert {each["body"]["model"] for each in starts[1:]} == {GPT, LLAMA}


def test_the_page_is_used_by_keys_alone(play):
    _, page, line = play(GPT, LLAMA)
    composer(page).fill("First")
    page.keyboard.press("Enter")
    starts = {each["body"]["model"]: each for each in line.asked("run.start", 2)}
    line.answer(starts[GPT])
    expect(pane(page).get_by_text("That is all.")).to_be_visible()
    page.keyboard.press("Escape")
    (stop,) = line.asked("run.stop")
    assert stop["runs"] == [starts[LLAMA]["run"]]
    line.done(starts[LLAMA]["run"], 5, LLAMA, state="stopped", cancelled=True)
    expect(pane(page, LLAMA_NAME).get_by_text("only what was produced is billed")).to_be_visible()
    composer(page).blur()
    page.keyboard.press("1")
    expect(pane(page).get_by_role("log")).to_be_focused()
    page.keyboard.press("r")
    again = line.asked("run.start", 3)[-1]
    line.answer(again, text="Another answer.")
    expect(pane(page).get_by_text("Another answer.")).to_be_visible()
    expect(pane(page).get_by_text("2/2")).to_be_visible()
    page.keyboard.press("[")
    expect(pane(page).get_by_text("1/2")).to_be_visible()
    page.keyboard.press("m")
    page.keyboard.type("claude 3 haiku")
    page.keyboard.press("Enter")
    expect(pane(page, "Claude 3 Haiku")).to_be_visible()
    composer(page).focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("textbox", name="Edited question")).to_have_count(
        0
    )  # nothing was asked there
    page.keyboard.press("Escape")
    composer(page).blur()
    page.keyboard.press("1")
    composer(page).focus()
    page.keyboard.press("n")
    expect(composer(page)).to_have_value("n")
    composer(page).fill("")
    composer(page).blur()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/playground$"))


def test_single_letters_can_be_switched_off(play):
    _, page, _ = play(GPT)
    page.evaluate("document.documentElement.dataset.keys = 'off'")
    composer(page).blur()
    page.keyboard.press("m")
    expect(page.get_by_role("dialog", name="Add a model")).to_have_count(0)
