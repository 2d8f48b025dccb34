"""The operator's pages in a browser: no fault in any theme and width, figures that follow."""

from __future__ import annotations

import pytest
import requests
from gateway_process import unique, wait_until
from playwright.sync_api import expect


def ask(site, caller, text="Hello"):
    answer = requests.post(
        f"{site.url}/api/v1/chat/completions",
        headers={"Authorization": f"Bearer {caller.key}"},
        json={"model": "openai/gpt-3.5-turbo", "messages": [{"role": "user", "content": text}]},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text


def attempts(site):
    rows = site.sql("SELECT SUM(succeeded) AS total FROM routing_endpointstatistic")
    return rows[0]["total"] or 0


def used(new_gateway, email):
    """A server that was asked three times just now."""
    site = new_gateway(TIMEOUT_SCALE="0.1", FIRST_CONTENT_TIMEOUT_S="200").start()
    caller = site.caller(credits="5", email=email)
    for _ in range(3):
        ask(site, caller)
    wait_until(lambda: attempts(site) >= 3, "the statistics")
    return site


def signed_in(site):
    """The session of an operator."""
    return site.desk("session", email=f"{unique('operator')}@example.com", is_staff=True)


@pytest.fixture(scope="module")
def site(new_gateway):
    """A server that was used, and an operator who did something."""
    email = f"{unique('alice')}@example.com"
    site = used(new_gateway, email)
    done = site.desk(
        "command", name="correct_credits",
        arguments=["--email", email, "--amount=-1", "--reason", "ticket 7",
                   "--idempotency-key", unique()],
    )  # fmt: skip
    assert done["status"] == 0, done["output"]
    return site


@pytest.fixture(scope="module")
def session(site):
    return signed_in(site)


@pytest.mark.parametrize("path", ["/operator", "/operator/doctor", "/operator/audit"])
def test_operators_page_has_no_fault_anywhere(everywhere, site, session, path):
    everywhere(site, path, session=session)


def test_figures_follow_without_a_reload(person, new_gateway):
    # They are of the last five minutes: by now the requests to the others' server may be older.
    site = used(new_gateway, f"{unique('alice')}@example.com")
    page = person(site, session=signed_in(site)).open("/operator")
    stat = page.locator(".stat", has_text="Errors")
    expect(stat).to_contain_text("0 of 3 attempts")
    ask(site, site.caller())
    expect(stat).to_contain_text("0 of 4 attempts", timeout=20_000)
    expect(page.get_by_role("row", name="OpenAI")).to_contain_text("OK")


def test_browser_tries_the_socket_and_says_how_it_went(person, site, session):
    page = person(site, session=session).open("/operator/doctor")
    expect(page.locator("x-echo")).to_contain_text("your browser's echo came back in")


def test_socket_that_does_not_open_is_told(person, site, session):
    one = person(site, session=session)
    # As a proxy does that knows nothing of sockets.
    one.page.route_web_socket("**/ws/echo", lambda socket: socket.close(code=4403))
    page = one.open("/operator/doctor")
    expect(page.locator("x-echo")).to_contain_text("takes this page for another site's")


def test_mail_to_oneself_is_sent(person, site, session):
    page = person(site, session=session).open("/operator/doctor")
    page.get_by_role("button", name="Send me a test mail").click()
    expect(page.get_by_text("Sent to operator")).to_be_visible()
    assert list((site.folder / "mail").iterdir())


def test_audit_log_is_filtered_and_downloaded(person, site, session):
    page = person(site, session=session, java_script_enabled=False).open("/operator/audit")
    page.get_by_label("What").select_option("Credits moved")
    page.get_by_role("button", name="Show", exact=True).click()
    row = page.get_by_role("row", name="Moved credits: correction")
    expect(row).to_contain_text("ticket 7")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "ticket 7" in download.value.path().read_text()
