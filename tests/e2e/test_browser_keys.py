"""Keys in a real browser: every page about keys. Journey 2 is in test_journeys.py."""

from __future__ import annotations

import re

import pytest
from gateway_process import unique
from playwright.sync_api import expect
from steps import KEY, make_key


@pytest.fixture
def alice(gateway):
    """Her e-mail address, with $10 and a key that she used."""
    email = f"{unique('alice')}@example.com"
    return email, gateway.caller(credits="10", limit="5", email=email)


@pytest.fixture
def session(gateway, alice):
    return gateway.desk("session", email=alice[0])


@pytest.fixture
def signed_in(person, gateway, session):
    return person(gateway, session=session)


@pytest.mark.parametrize(
    "path",
    ["/settings/keys", "/settings/keys?q=zebra", "/settings/keys/new", "/settings/keys/{key_id}",
     "/settings/keys/{key_id}/rotate", "/settings/keys/{key_id}/delete", "/leaked"],
)  # fmt: skip
def test_page_of_keys_has_no_fault_anywhere(everywhere, gateway, session, alice, path):
    everywhere(gateway, path.format(key_id=alice[1].key_id), session=session)


def test_person_without_keys_sees_a_page_without_fault(everywhere, gateway):
    session = gateway.desk("session", email=f"{unique('bob')}@example.com")
    everywhere(gateway, "/settings/keys", session=session)


def test_reload_and_back_show_no_key_and_make_none(signed_in):
    signed_in.open("/settings/keys")
    page = make_key(signed_in)
    (key,) = set(KEY.findall(page.content()))
    page.reload()
    expect(page.get_by_text("was made already")).to_be_visible()
    assert not KEY.search(page.content())
    page.goto("/settings/keys")
    assert page.get_by_role("row", name=re.compile("^ci ")).count() == 1
    page.go_back()
    page.wait_for_load_state("networkidle")
    assert key not in page.content()


def test_key_is_made_and_changed_without_script(person, gateway, session):
    page = person(gateway, session=session, java_script_enabled=False).open("/settings/keys")
    page.get_by_role("link", name="Create key", exact=True).click()
    page.get_by_label("Name", exact=True).fill("plain")
    page.get_by_label("Expires", exact=True).select_option("30")
    page.locator(".models > summary").click()
    page.locator('[name="allowed_models"][value="openai/gpt-4"]').check()
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("link", name="I stored it")).to_be_visible()
    assert KEY.search(page.content())
    page.get_by_role("link", name="I stored it").click()
    page.get_by_role("link", name="Edit plain").click()
    page.get_by_label("Credit limit").fill("2.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("$0 of $2.50")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type its name").fill("plain")
    page.get_by_role("button", name="Delete key").click()
    expect(page.get_by_role("link", name="plain", exact=True)).to_have_count(0)


def test_models_are_found_by_typing_and_counted(signed_in):
    page = signed_in.open("/settings/keys/new")
    page.locator(".models > summary").click()
    boxes = page.locator("[data-model]:visible")
    everything = boxes.count()
    page.get_by_label("Filter models").fill("gpt-4 turbo")
    assert 0 < boxes.count() < everything
    boxes.first.locator("input").check()
    expect(page.locator("[data-chosen]")).to_have_text("1 allowed")
    page.get_by_label("Filter models").press("Enter")
    assert page.url.endswith("/settings/keys/new")


def test_what_a_management_key_has_not_is_not_asked_for(signed_in):
    page = signed_in.open("/settings/keys/new")
    expect(page.get_by_label("Credit limit")).to_be_visible()
    expect(page.get_by_label("Last day")).to_be_hidden()
    page.get_by_role("radio", name="Management key").check()
    expect(page.get_by_label("Credit limit")).to_be_hidden()
    page.get_by_label("Expires", exact=True).select_option("date")
    expect(page.get_by_label("Last day")).to_be_visible()


def test_key_is_rotated_in_a_dialog_and_disabled(signed_in, alice):
    page = signed_in.open(f"/settings/keys/{alice[1].key_id}")
    page.get_by_role("link", name="Rotate").click()
    dialog = page.get_by_role("dialog", name="Rotate wire")
    expect(dialog).to_be_visible()
    signed_in.check()
    dialog.get_by_role("button", name="Rotate key").click()
    expect(page.get_by_text("The old key works until")).to_be_visible()
    assert set(KEY.findall(page.content())) != {alice[1].key}
    signed_in.check()
    page.get_by_role("link", name="I stored it").click()
    page.get_by_role("link", name="Edit wire (old)").click()
    page.get_by_role("button", name="Disable").click()
    expect(page.locator("#toasts")).to_contain_text("is disabled")
    signed_in.check()


def test_deletion_in_a_dialog_wants_the_name(signed_in, alice):
    page = signed_in.open(f"/settings/keys/{alice[1].key_id}")
    page.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete wire")
    expect(dialog).to_be_visible()
    signed_in.check()
    dialog.get_by_label("Type its name").fill("wire")
    dialog.get_by_role("button", name="Delete key").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()


def test_leaked_key_is_ended_by_whoever_found_it(person, gateway, alice):
    one = person(gateway)
    page = one.open("/leaked")
    page.get_by_label("The key, or the text it is in").fill(f"key = '{alice[1].key}'")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("has ended")).to_be_visible()
    one.check()
    answer = page.request.get("/api/v1/key", headers={"authorization": f"Bearer {alice[1].key}"})
    assert answer.status == 401


def test_sorting_is_in_the_address_and_goes_back(signed_in):
    page = signed_in.open("/settings/keys")
    page.get_by_role("link", name="Spent").click()
    expect(page).to_have_url(re.compile(r"\?sort=-spend$"))
    expect(page.get_by_role("columnheader", name="Spent")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.go_back()
    expect(page.get_by_role("columnheader", name="Created")).to_have_attribute(
        "aria-sort", "descending"
    )


def test_pages_of_keys_are_light(signed_in):
    scripts, styles = signed_in.weight("/settings/keys")
    assert 0 < scripts <= 45 * 1024
    assert 0 < styles <= 20 * 1024
