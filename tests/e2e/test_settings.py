"""The settings pages in a browser: journey 10 (data policy), defaults, provider keys, leaving."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from gateway_process import unique, wait_until
from playwright.sync_api import expect
from simulator_process import running
from wire_client import chat

GOOD, BAD = "sk-own-good-0123456789abWXYZ", "sk-own-bad-fedcba9876543210"
CLAUDE = "anthropic/claude-3-haiku"  # at Anthropic alone, which keeps prompts
PAGES = ("/settings", "/settings/privacy", "/settings/provider-keys", "/settings/close")


class Alice:
    """An account with a key for the API, and a session for pages."""

    def __init__(self, gateway, credits="5"):
        self.email = f"{unique('alice')}@example.com"
        self.caller = gateway.caller(credits=credits, email=self.email, ignored=[])
        self.user_id = self.caller.user_id
        self.session = gateway.desk("session", email=self.email)


@pytest.fixture
def alice(gateway):
    return Alice(gateway)


@pytest.fixture(scope="module")
def own_gateway(new_gateway, tmp_path_factory):
    """OpenAI's own address is a simulator of its own, which takes GOOD alone."""
    log_path = tmp_path_factory.mktemp("own") / "log.jsonl"
    with running(log_path, SIMULATOR_KEYS=f"openai={GOOD}") as strict:
        made = new_gateway()
        made.provider_is_at(strict, "openai", "/openai/v1")
        yield made.start()


@pytest.mark.parametrize("path", PAGES)
def test_settings_pages_have_no_fault_anywhere(everywhere, gateway, alice, path):
    everywhere(gateway, path, session=alice.session)


def test_a_switch_pressed_before_the_scripts_came_shows_its_effect(person, gateway, alice):
    page = person(gateway, session=alice.session).in_a_hurry().page
    held = []
    page.route("**/htmx.min*.js", lambda route: held.append(route))
    with page.expect_request("**/htmx.min*.js"):
        page.goto("/settings/privacy", wait_until="commit")
    switch = page.get_by_role("switch", name="Providers that may keep prompts")
    switch.uncheck()
    expect(page.locator("#effect")).not_to_contain_text("drop out")
    wait_until(lambda: held or page.wait_for_timeout(10), "the script to be asked for")
    held[0].continue_()
    expect(page.locator("#effect")).to_contain_text("drop out")
    expect(page.locator("#effect")).to_contain_text("not saved yet")


def test_a_policy_shows_its_effect_and_the_api_obeys_it(person, gateway, alice):
    """Journey 10."""
    one = person(gateway, session=alice.session)
    page = one.open("/settings/privacy")
    effect = page.locator("#effect")
    expect(effect).to_contain_text("models stay")
    expect(effect).not_to_contain_text("drop out")
    page.get_by_role("switch", name="Providers that may keep prompts").uncheck()
    expect(effect).to_contain_text("drop out")
    expect(effect).to_contain_text("not saved yet")
    expect(effect.get_by_role("list").first).to_contain_text("Anthropic")
    expect(effect).to_contain_text(CLAUDE)
    expect(effect.locator("pre")).to_contain_text('"zdr": true')
    one.check()
    # Nothing is saved by looking.
    assert chat(gateway, alice.caller, "[[say: hi]]", CLAUDE).status == 200
    page.get_by_role("button", name="Save policy").click()
    expect(page.get_by_text("Data policy saved")).to_be_visible()
    expect(page.locator("#effect")).not_to_contain_text("not saved yet")
    error = wait_until(
        lambda: (
            (answer := chat(gateway, alice.caller, "hi", CLAUDE)).status == 503 and answer.error
        ),
        "the new policy",
    )
    assert "data policy of the account: no retention: Anthropic" in error["message"]
    assert "/settings/privacy" in error["metadata"]["remedy_hint"]
    page.get_by_role("switch", name="Providers that may keep prompts").check()
    # The effect grows and shrinks above the button: not while it is pressed.
    expect(page.locator("#effect")).to_contain_text("not saved yet")
    page.get_by_role("button", name="Save policy").click()
    expect(page.get_by_text("Data policy saved").first).to_be_visible()
    wait_until(
        lambda: chat(gateway, alice.caller, "[[say: hi]]", CLAUDE).status == 200, "the old policy"
    )


def test_without_script_a_button_shows_the_effect(person, gateway, alice):
    page = person(gateway, session=alice.session, java_script_enabled=False).page
    page.goto("/settings/privacy")
    page.get_by_role("switch", name="Providers that may train on prompts").uncheck()
    page.get_by_role("button", name="Show the effect").click()
    expect(page.locator("#effect")).to_contain_text("not saved yet")
    expect(page.locator("#effect")).to_contain_text("DeepSeek")
    page.get_by_role("button", name="Save policy").click()
    expect(page.locator("#effect")).not_to_contain_text("not saved yet")
    expect(
        page.get_by_role("switch", name="Providers that may train on prompts")
    ).not_to_be_checked()


def test_defaults_are_kept_and_wrong_ones_are_told(person, gateway, alice):
    one = person(gateway, session=alice.session)
    page = one.open("/settings")
    page.get_by_role("combobox", name="Default model").fill("no/such-model")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("no/such-model is not the id of a model here")).to_be_visible()
    one.check()
    page.get_by_role("combobox", name="Default model").fill("claude-3-hai")
    page.get_by_role("option").first.click()
    page.get_by_label("Azure").check()
    page.get_by_role("combobox", name="Time zone").fill("Europe/Berlin")
    page.get_by_role("radio", name="Dark").check()
    page.get_by_label("When credits fall below").fill("2.50")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Settings saved")).to_be_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.get_by_role("combobox", name="Default model").input_value().startswith("anthropic/")
    expect(page.get_by_label("Azure")).to_be_checked()
    assert page.get_by_label("When credits fall below").input_value() == "2.5"
    # Another browser of the same person.
    other = person(gateway, session=alice.session).open("/settings")
    assert other.locator("html").get_attribute("data-theme") == "dark"


def test_pages_of_who_uses_everything_have_no_fault(everywhere, gateway, alice):
    strict = {"allow_training": False, "allow_retention": False, "log_prompts": True}
    gateway.desk("set_user", user_id=alice.user_id, ignored_providers=["azure", "openai"], **strict)
    answer = chat(gateway, alice.caller, "[[say: hello]]", "meta-llama/llama-3-8b-instruct")
    find = {"user_id": alice.user_id, "generation_id": answer.json["id"]}
    wait_until(lambda: gateway.desk("kept", **find), "what is kept")
    everywhere(gateway, "/settings/privacy", session=alice.session, name="privacy-strict")


def test_a_provider_key_is_tried_out_saved_moved_and_removed(person, everywhere, own_gateway):
    alice = Alice(own_gateway)
    one = person(own_gateway, session=alice.session)
    page = one.open("/settings/provider-keys")
    expect(page.get_by_text("No provider keys yet")).to_be_visible()
    page.get_by_label("Provider", exact=True).select_option(label="OpenAI")
    page.get_by_label("Key", exact=True).fill(BAD)
    page.get_by_role("button", name="Test and save").click()
    expect(page.get_by_text("refuses this key. It was not saved")).to_be_visible()
    # What was typed is still there, though no answer of ours ever holds it.
    assert page.get_by_label("Key", exact=True).input_value() == BAD
    assert BAD not in page.content()
    one.check()
    for name in ("first", "second"):
        page.get_by_label("Provider", exact=True).select_option(label="OpenAI")
        page.get_by_label("Key", exact=True).fill(GOOD)
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Test and save").click()
        expect(page.locator(".own-key").filter(has_text=name)).to_be_visible()
    names = page.locator(".own-key .cell-name")
    expect(names).to_have_text(["first", "second"])
    page.get_by_role("button", name="Move second up").click()
    expect(names).to_have_text(["second", "first"])
    page.locator(".own-key").filter(has_text="first").get_by_role(
        "button", name="Use after ours"
    ).click()
    expect(page.get_by_role("button", name="Use before ours")).to_be_visible()
    page.get_by_role("button", name="Never use our key").click()
    expect(page.get_by_text("This site's own key is never used for you here.")).to_be_visible()
    chat(own_gateway, alice.caller, "[[say: hi]]", "openai/gpt-3.5-turbo")
    everywhere(own_gateway, "/settings/provider-keys", session=alice.session, name="keys")
    for left in (1, 0):
        page.get_by_text("Remove", exact=True).first.click()
        page.get_by_role("button", name="Remove ").first.click()
        expect(page.locator(".own-key")).to_have_count(left)
    expect(page.get_by_text("No provider keys yet")).to_be_visible()


def test_prompts_are_kept_when_asked_for_and_erased(person, gateway, alice):
    page = person(gateway, session=alice.session).open("/settings/privacy")
    expect(page.get_by_text("Nothing is kept")).to_be_visible()
    page.get_by_role("switch", name="Keep prompts and answers of my account").check()
    page.get_by_label("Days to keep them").fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("kept for 7 days")).to_be_visible()
    answer = chat(gateway, alice.caller, "[[say: hello]]")
    find = {"user_id": alice.user_id, "generation_id": answer.json["id"]}
    wait_until(lambda: gateway.desk("kept", **find), "what is kept")
    page.reload()
    expect(page.get_by_text("1 request kept")).to_be_visible()
    page.get_by_role("button", name="Erase now").click()
    expect(page.get_by_text("Nothing is kept")).to_be_visible()
    assert gateway.desk("kept", **find) is None


def test_data_can_be_taken_along_and_the_account_closed(person, gateway, alice):
    chat(gateway, alice.caller, "[[say: hello]]")
    page = person(gateway, session=alice.session).open("/settings")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Export").click()
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("account.json"))["email"] == alice.email
        assert archive.read("generations.csv").count(b"\r\n") == 2
    page.get_by_role("link", name="Close account").click()
    expect(page.get_by_text("of credits are left")).to_be_visible()
    gateway.sql(
        "UPDATE accounts_user SET last_login = CURRENT_TIMESTAMP WHERE id = %s", alice.user_id
    )
    page.reload()
    page.get_by_label("Your e-mail address").fill("someone@example.com")
    page.get_by_role("button", name="Close account for ever").click()
    expect(page.get_by_text(f"Type {alice.email} to go on")).to_be_visible()
    page.get_by_label("Your e-mail address").fill(alice.email)
    page.get_by_role("button", name="Close account for ever").click()
    expect(page.get_by_text("Your account is closed")).to_be_visible()
    wait_until(lambda: chat(gateway, alice.caller, "hi").status == 401, "the key to stop working")
    gateway.verify()
