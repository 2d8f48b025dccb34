"""Consent in a browser: the demo page's user connects, pays, revokes; and nothing leaks."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from app_sites import demo_site, guest_site, make_certificate

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def link(gateway, callback_url="https://app.example/cb", **fields):
    return f"{gateway.url}/auth?{urlencode({'callback_url': callback_url, **fields})}"


def answer_at(page):
    """The parameters that the app's page was opened with."""
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}


@pytest.fixture
def alice(gateway):
    return gateway.caller(credits="12.48")


def test_user_of_the_demo_page_connects_pays_and_revokes(gateway, alice, signed_in):
    page = signed_in(alice)
    with demo_site() as demo:
        page.goto(demo)
        page.get_by_label("Server").fill(gateway.url)
        page.get_by_role("button", name="Connect your account").click()
        host = urlsplit(demo).netloc
        page.get_by_role("heading", name=f"Connect {host}").wait_for()
        assert page.get_by_text("Proposed by the app").is_visible()
        assert page.get_by_text(f"Redirects to {demo}").is_visible()
        page.get_by_role("radio", name="$20").check()
        page.get_by_role("button", name=f"Authorize {host}").click()
        page.get_by_text("Connected.").wait_for()
        assert page.url == demo  # the code has left the address
        page.get_by_role("button", name="Send").click()
        said = page.locator("#said")
        page.wait_for_function(
            "!['Asking ...', 'Connected.'].includes(document.querySelector('#said').textContent)"
        )
        assert said.text_content().strip()
        rows = gateway.sql(
            "SELECT b.limit_nano, b.spent_total_nano FROM billing_keybudget AS b"
            " JOIN accounts_apikey AS k ON k.id = b.key_id WHERE k.app_origin = %s",
            demo.rstrip("/"),
        )
        assert rows[0]["limit_nano"] == 20_000_000_000 and rows[0]["spent_total_nano"] > 0
        page.goto(f"{gateway.url}/settings/apps")
        assert page.get_by_role("heading", name=host).is_visible()
        page.locator("summary", has_text="Revoke").click()
        page.get_by_role("button", name="Revoke the key").click()
        page.get_by_role("heading", name="No app is connected").wait_for()
        page.goto(demo)
        page.get_by_role("button", name="Send").click()
        page.get_by_text("User not found.").wait_for()


def test_user_of_the_demo_page_does_not_agree(gateway, alice, signed_in):
    page = signed_in(alice)
    with demo_site() as demo:
        page.goto(demo)
        page.get_by_label("Server").fill(gateway.url)
        page.get_by_role("button", name="Connect your account").click()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("You did not agree: access_denied").wait_for()
        assert page.url == demo


@pytest.mark.parametrize("javascript", [True, False])
def test_answer_goes_to_the_app_and_nothing_else_does(gateway, alice, signed_in, javascript):
    page = signed_in(alice, java_script_enabled=javascript)
    with guest_site() as guest:
        page.goto(link(gateway, f"{guest.address}/cb", **S256, state="s-1"))
        page.get_by_role("button", name="Authorize").click()
        page.get_by_text("Welcome back").wait_for()
        answer = answer_at(page)
        assert answer["state"] == "s-1" and answer["code"].startswith("auth_code_")
        assert guest.seen[0][1] is None  # no Referer
        page.goto(link(gateway, f"{guest.address}/cb", **S256))
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Welcome back").wait_for()
        assert answer_at(page) == {"error": "access_denied"}


def test_app_may_send_its_visitor_on(gateway, alice, signed_in, tmp_path):
    """Browsers hold the policy of the page's form against redirects of the app as well."""
    page = signed_in(alice, ignore_https_errors=True)
    certificate = make_certificate(tmp_path / "localhost.pem")
    with (
        guest_site(certificate=certificate) as last,
        guest_site(f"{last.address}/thanks") as program,
        guest_site(f"{last.address}/thanks", certificate) as site,
    ):
        for app in (program, site):
            page.goto(link(gateway, f"{app.address}/cb", **S256))
            page.get_by_role("button", name="Authorize").click()
            page.wait_for_url(f"{last.address}/thanks")
        assert [referer for _, referer in (*program.seen, *site.seen)] == [None, None]


def test_program_without_an_address_shows_a_code(gateway, alice, signed_in, check_page):
    page = signed_in(alice)
    page.goto(link(gateway, "", **S256, key_label="my-cli"))
    page.get_by_role("button", name="Authorize this program").click()
    page.get_by_role("heading", name="Copy this code").wait_for()
    assert re.fullmatch(r"auth_code_[\w-]{43}", page.locator(".copy-field .id").text_content())
    check_page(page)


@pytest.mark.parametrize(
    "fields",
    [
        {**S256},
        {**S256, "limit": "2.50", "usage_limit_type": "weekly", "key_label": "Research notebook",
         "expires_at": "2999-01-31T12:00:00Z"},
        {"code_challenge": "plain"},
        {"callback_url": "https://" + "very-long-name." * 10 + "example/callback?x=" + "y" * 300},
        {"callback_url": "http://evil.example/"},
        {"callback_url": "", **S256},
    ],
    ids=["S256", "proposals", "plain", "long and unproven", "refused", "without an address"],
)  # fmt: skip
def test_consent_page_is_right_for_everybody(gateway, alice, signed_in, check_page, fields):
    page = signed_in(alice)
    page.goto(link(gateway, **fields))
    check_page(page)


def test_other_pages_are_right_for_everybody(gateway, alice, signed_in, check_page):
    page = signed_in(alice)
    page.goto(f"{gateway.url}/settings/apps")
    check_page(page)
    (account,) = gateway.sql("SELECT email FROM accounts_user WHERE id = %s", alice.user_id)
    gateway.caller(credits="0", limit="5", email=account["email"])
    gateway.sql(
        "UPDATE accounts_apikey SET app_origin = %s WHERE user_id = %s",
        "https://app.example",
        alice.user_id,
    )
    page.goto(f"{gateway.url}/settings/apps")
    check_page(page)
    page.locator("summary", has_text="Revoke all").click()
    check_page(page)
    page.goto(f"{gateway.url}/auth/debug")
    check_page(page)
    page.get_by_label("callback_url").fill("https://me@app.example/cb")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("It has a user name before the host").wait_for()
    check_page(page)


def test_consent_works_with_the_keyboard_alone(gateway, alice, signed_in):
    page = signed_in(alice)
    with guest_site() as guest:
        page.goto(link(gateway, f"{guest.address}/cb", **S256))
        page.get_by_role("radio", name="$5").focus()
        page.keyboard.press("ArrowLeft")
        assert page.get_by_role("radio", name="$1").is_checked()
        names = []
        for _ in range(8):
            page.keyboard.press("Tab")
            names.append(page.evaluate("document.activeElement.name || ''"))
            if names[-1] == "authorize":
                break
        assert names[-3:] == ["period", "lifetime", "authorize"]
        page.keyboard.press("Enter")
        page.get_by_text("Welcome back").wait_for()
    (row,) = gateway.sql(
        "SELECT limit_nano FROM accounts_authcode WHERE user_id = %s", alice.user_id
    )
    assert row["limit_nano"] == 1_000_000_000


def test_page_of_another_site_cannot_frame_it(gateway, alice, signed_in):
    page = signed_in(alice)
    with guest_site() as guest:
        page.goto(guest.address)
        page.evaluate(
            "address => { const frame = document.createElement('iframe'); frame.src = address;"
            " document.body.append(frame); }",
            link(gateway, **S256),
        )
        page.wait_for_timeout(500)
        (frame,) = [each for each in page.frames if each != page.main_frame]
        assert "Authorize" not in frame.content()
