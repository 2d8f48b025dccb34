"""Journey 12 of the design: hostile answers, four of them at once, on a phone, by keys alone; and
lines that break."""

from __future__ import annotations

import re

from gateway_process import unique, wait_until
from playground_steps import GPT, LLAMA, LLAMA_NAME, OPUS, TURBO, ask, at_rest, composer, pane, send
from playwright.sync_api import expect

HOSTILE = (
    "<script>window.broken = 1</script> <img src=x onerror='window.broken = 2'>"
    " [a link](javascript:window.broken=3) <a href='javascript:window.broken=4'>another</a>"
    " It costs $5 and $7.\n\n```python\nprint('never closed')\n"
)


def test_hostile_and_hurried(play):
    one, page, line = play(GPT, LLAMA, OPUS, TURBO, width=390)
    composer(page).focus()
    page.keyboard.insert_text("Be evil")
    composer(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    assert line.of("run.start") == []
    page.keyboard.press("Enter")
    starts = {each["body"]["model"]: each for each in line.asked("run.start", 4)}
    runs = {model: line.accept(start) for model, start in starts.items()}
    for run in runs.values():
        line.delta(run, 2, HOSTILE)
    there = pane(page)
    expect(there.get_by_text("$5 and $7")).to_be_visible()
    for number in range(40):
        for run in runs.values():
            line.delta(run, 3 + number, f"line {number} of an answer that goes on\n")
    log = there.get_by_role("log")
    expect(log.get_by_text("line 39 of")).to_be_attached()
    # By keys alone, away from the end; what comes then leaves it there.
    log.focus()
    page.keyboard.press("Home")
    expect(there.get_by_role("button", name="Latest")).to_be_visible()
    before = at_rest(log)
    for number in range(40, 200):
        for run in runs.values():
            line.delta(run, 3 + number, f"line {number} of an answer that goes on\n")
    # How soon it is seen: `make bench-answers`.
    composer(page).press_sequentially("Meanwhile")
    expect(composer(page)).to_have_value("Meanwhile")
    expect(log.get_by_text("line 199 of")).to_be_attached()
    assert log.evaluate("log => log.scrollTop") == before
    assert page.evaluate("window.broken") is None
    assert page.locator(".pane a[href^='javascript']").count() == 0
    one.check()
    page.keyboard.press("Escape")
    assert set(line.asked("run.stop")[0]["runs"]) == set(runs.values())


def test_a_dropped_line_is_taken_up_without_a_gap_or_a_repetition(play):
    _, page, line = play(GPT)
    run = line.accept(ask(page, line)[GPT])
    line.delta(run, 2, "one ")
    line.delta(run, 3, "two ")
    expect(pane(page).get_by_text("one two")).to_be_visible()
    line.drop()
    expect(page.locator("#bar-connection")).to_contain_text("Reconnecting…")
    (resumed,) = line.asked("resume")
    assert (resumed["run"], resumed["after"]) == (run, 3)
    expect(page.locator("#bar-connection")).to_be_empty()
    # What was heard before may come again, as one piece or more.
    line.delta(run, 3, "two ")
    line.delta(run, 5, "three")
    line.done(run, 6, GPT)
    expect(pane(page).locator(".answer")).to_have_text("one two three")


def test_what_was_not_heard_is_said_again(play):
    _, page, line = play(GPT)
    first = ask(page, line)[GPT]
    line.drop()
    again = line.asked("run.start", 2)[-1]
    assert again == first


def test_where_no_socket_gets_through_events_come_by_http(play, gateway):
    one, page, line = play(GPT, line={"is_down": True})
    expect(page.get_by_text("By fallback")).to_be_visible(timeout=20_000)
    assert line.opened == 3
    send(page, f"{unique('fallback')} [[say: It came another way.]]")
    expect(pane(page).locator(".answer")).to_have_text("It came another way.")
    expect(page).to_have_url(re.compile("/playground/c/chat-"))


def test_who_was_signed_out_is_told(play):
    _, page, line = play(GPT)
    line.sockets[-1].close(code=4401)
    expect(page.get_by_role("link", name="Sign in again")).to_have_attribute(
        "href", "/accounts/login/?next=%2Fplayground"
    )


def test_who_was_signed_out_is_told_where_events_come_by_http(play):
    one, page, line = play(GPT)
    one.context.clear_cookies()
    line.is_down = True
    line.drop()
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()


def test_the_way_by_http_is_tried_again_while_nothing_answers(play):
    _, page, line = play(GPT)
    tried = []

    def broken(route):
        tried.append(route.request.url)
        route.abort()

    page.route("**/playground/events", broken)
    page.route("**/playground/chats", lambda route: None)
    line.is_down = True
    line.drop()
    # What the browser asks is only heard while the page is asked something.
    wait_until(lambda: page.evaluate("0") or len(tried) > 1, "another try")
    expect(page.locator("#bar-connection")).to_contain_text("Reconnecting…")


def test_blind_answers_are_judged_before_their_names_are_told(play):
    _, page, line = play(GPT, LLAMA)
    page.get_by_role("button", name="Blind").click()
    expect(pane(page, "Model A")).to_be_visible()
    expect(page.get_by_text(LLAMA_NAME)).to_have_count(0)
    starts = ask(page, line, panes=2)
    for start in starts.values():
        line.answer(start)
    bar = page.get_by_role("group", name="Which answer is the best?")
    bar.get_by_role("button", name="Model A").click()
    expect(pane(page, LLAMA_NAME)).to_be_visible()
    expect(bar).to_be_hidden()
