"""Journeys 4, 5 and 6 of the design: real answers of the simulator, through the whole product."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import requests
from gateway_process import unique, wait_until
from playground_steps import GPT, OPUS, foot, pane, send
from playwright.sync_api import expect

MISTRAL = "mistralai/mistral-large"
HAIKU = "anthropic/claude-3-haiku"
OPUS_NAME, MISTRAL_NAME = "Claude 3 Opus", "Mistral Large"


@pytest.fixture(scope="module")
def site(new_gateway):
    """Comments come twice a second, and nobody is given up for his silence."""
    made = new_gateway(TIMEOUT_SCALE="0.1", FIRST_CONTENT_TIMEOUT_S="400")
    return made.start()


@pytest.fixture
def alice(site):
    caller = site.caller(credits="20", email=f"{unique('alice')}@example.com")
    return caller, site.desk("session", user_id=caller.user_id)


@pytest.fixture
def at_play(person, site, alice):
    def opened(*models, **how):
        one = person(site, session=alice[1], **how)
        one.open(f"/playground?models={','.join(models)}")
        expect(one.page.locator("#play[data-ready]")).to_be_attached()
        return one

    return opened


def words(count, letter):
    return " ".join(f"{letter}{number}" for number in range(count))


def answer(page, name="GPT-4o"):
    return pane(page, name).locator(".answer").last


def charged(site, caller):
    (row,) = site.sql(
        "SELECT COALESCE(SUM(cost_nano), 0) AS nano FROM billing_generation WHERE user_id = %s",
        caller.user_id,
    )
    return int(row["nano"])


def generation(site, caller, page, name="GPT-4o"):
    """The API's word on the last answer of a pane."""
    href = foot(page, name).get_by_role("link", name="Generation").get_attribute("href")
    id = href.rpartition("/")[2]
    found = requests.get(
        f"{site.url}/api/v1/generation?id={id}",
        headers={"Authorization": f"Bearer {caller.key}"},
        timeout=10,
    )
    assert found.status_code == 200, found.text
    return found.json()["data"]


def nano_of(element):
    return int(Decimal(element.get_attribute("title").removeprefix("$").replace(",", "")) * 10**9)


def test_three_models_side_by_side(at_play, site, alice):
    caller, _ = alice
    gate = unique("gate")
    one = at_play(GPT, OPUS, MISTRAL)
    page = one.page
    send(
        page,
        "Tell me of Rome. [[simulate provider=openai tokens=150 tps=30]]"
        f" [[simulate provider=anthropic gate={gate} tokens=40 tps=100]]"
        " [[simulate provider=mistral status=429 retry_after=20 message='Slow down']]",
    )
    expect(answer(page)).to_contain_text("question")
    expect(foot(page)).to_contain_text("Streaming")
    processing = re.compile(r"Anthropic is processing… \d")
    expect(pane(page, OPUS_NAME).get_by_text(processing)).to_be_visible()
    card = pane(page, MISTRAL_NAME).locator(".error-card")
    for text in ("Mistral is rate-limited upstream", "429", "not charged", "Slow down"):
        expect(card).to_contain_text(text)
    one.photograph("/playground", "playground-journey-streaming")
    site.open_gate(gate)
    for name in ("GPT-4o", OPUS_NAME):
        expect(foot(page, name)).to_contain_text("Generation", timeout=15_000)
        for text in ("TTFT", "tok/s", "→"):
            expect(foot(page, name)).to_contain_text(text)
        known = generation(site, caller, page, name)
        assert nano_of(foot(page, name).locator(".cost")) == round(known["total_cost"] * 10**9)
    expect(page.get_by_text("Fastest")).to_have_count(1)
    expect(foot(page)).to_contain_text("Cheapest")
    wait_until(lambda: not site.open_holds(), "the settlements")
    assert nano_of(page.locator("#bar-cost")) == charged(site, caller)
    one.photograph("/playground", "playground-journey-done")
    one.check()


def test_stop_reload_and_go_on(at_play, site, alice):
    caller, _ = alice
    marker = unique("stop")
    said = words(160, "w")
    one = at_play(GPT, HAIKU)
    page = one.page
    send(page, f"{marker} [[simulate tps=20]] [[say: {said}]]")
    expect(answer(page)).to_contain_text("w12 ")
    expect(answer(page, "Claude 3 Haiku")).to_contain_text("w12 ")
    pane(page).get_by_role("button", name="Stop").click()
    expect(pane(page).get_by_text("The provider stopped too")).to_be_visible()
    # What had come is drawn a moment later.
    page.wait_for_timeout(1000)
    stopped = answer(page).inner_text()
    assert said.startswith(stopped) and len(stopped) < len(said)
    page.reload()
    expect(answer(page)).to_have_text(stopped)
    expect(foot(page)).to_contain_text("Stopped")
    # It went on meanwhile, and comes to its end without a gap or a repetition.
    expect(answer(page, "Claude 3 Haiku")).to_have_text(said, timeout=20_000)
    expect(foot(page, "Claude 3 Haiku")).to_contain_text("Generation")
    records = {record["provider"]: record for record in site.upstream(marker)}
    assert records["openai"]["aborted"] and not records["anthropic"]["aborted"]
    known = generation(site, caller, page)
    assert known["cancelled"] and known["tokens_completion"] < 160
    assert nano_of(foot(page).locator(".cost")) == round(known["total_cost"] * 10**9)
    one.check()


def test_another_tab_sees_it_and_a_dropped_line_is_taken_up(at_play, site):
    said = words(240, "w")
    one = at_play(GPT)
    page = one.page
    drop = one.context.new_page
    send(page, f"{unique('drop')} [[simulate tps=50]] [[say: {said}]]")
    expect(answer(page)).to_contain_text("w10 ")
    expect(page).to_have_url(re.compile("/playground/c/chat-"))
    other = one.watch.attach(drop())
    other.goto(page.url)
    expect(answer(other)).to_contain_text("w20 ")
    one.context.set_offline(True)
    page.wait_for_timeout(400)
    one.context.set_offline(False)
    for tab in (page, other):
        expect(answer(tab)).to_have_text(said, timeout=20_000)
    send(other, "And again [[say: from the other tab]]")
    expect(answer(page)).to_have_text("from the other tab")


def test_branches_keep_their_text_model_and_cost(at_play, site, alice):
    caller, _ = alice
    one = at_play(GPT)
    page = one.page
    there = pane(page)
    send(page, "First question [[say: The first answer.]]")
    expect(answer(page)).to_have_text("The first answer.")
    expect(foot(page)).to_contain_text("Generation")
    first_cost = foot(page).locator(".cost").get_attribute("title")
    there.get_by_label("Regenerate").click()
    there.get_by_role("button", name="Another model…").click()
    page.keyboard.type("claude 3 haiku")
    page.keyboard.press("Enter")
    expect(foot(page)).to_contain_text("via Anthropic")
    expect(there.locator(".answer-model")).to_have_text(re.compile("Claude 3 Haiku"))
    expect(there.get_by_text("2/2")).to_be_visible()
    assert foot(page).locator(".cost").get_attribute("title") != first_cost
    there.get_by_role("button", name="Edit question").click()
    box = there.get_by_role("textbox", name="Edited question")
    box.fill("Second question [[say: The second answer.]]")
    there.get_by_role("button", name="Send", exact=True).click()
    expect(answer(page)).to_have_text("The second answer.")
    expect(foot(page)).to_contain_text("via OpenAI")
    with page.expect_download() as download:
        page.get_by_text("Export").click()
        page.get_by_role("link", name="Markdown", exact=True).click()
    exported = download.value.path().read_text()
    assert "\nThe second answer.\n" in exported and "\nThe first answer.\n" not in exported
    # ‹ 1/2 ›: the branch of the first question, at its newest answer; then its first.
    there.locator(".turn-user").get_by_role("button", name="Branch before").click()
    expect(foot(page)).to_contain_text("via Anthropic")
    there.locator(".turn-assistant").get_by_role("button", name="Branch before").click()
    expect(answer(page)).to_have_text("The first answer.")
    assert foot(page).locator(".cost").get_attribute("title") == first_cost
    expect(there.locator(".answer-model")).to_be_empty()
    page.wait_for_timeout(2500)  # the branch is saved a moment later
    page.reload()
    expect(answer(page)).to_have_text("The first answer.")
    wait_until(lambda: not site.open_holds(), "the settlements")
    assert nano_of(page.locator("#bar-cost")) == charged(site, caller)
    one.check()


def test_a_cut_answer_is_continued(at_play, site):
    one = at_play(GPT)
    page = one.page
    page.get_by_role("button", name="Parameters of GPT-4o").click()
    page.get_by_label("Max tokens").fill("4")
    page.get_by_role("button", name="Done").click()
    marker = unique("continue")
    send(page, f"{marker} [[say: one two three four five six seven eight]]")
    expect(pane(page).get_by_text("max_tokens was reached")).to_be_visible()
    pane(page).get_by_role("button", name="Continue").click()
    expect(pane(page).locator(".answer")).to_have_count(2)
    wait_until(lambda: len(site.upstream(marker)) == 2, "the second request")
    assert site.upstream(marker)[1]["body"]["messages"][-1]["role"] == "assistant"
