"""Consent in a browser: the demo page's user connects, pays, revokes; and nothing leaks."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from app_sites import demo_site, guest_site, make_certificate
from gateway_process import unique

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PROPOSALS = {
    "limit": "2.50", "usage_limit_type": "weekly", "key_label": "Research notebook",
    "expires_at": "2999-01-31T12:00:00Z",
}  # fmt: skip
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def link(callback_url="https://app.example/cb", **fields):
    return f"/auth?{urlencode({'callback_url': callback_url, **fields})}"


def answer_at(page):
    """The parameters that the app's page was opened with."""
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}


@pytest.fixture
def alice(gateway):
    """The session of a user with credits."""
    email = f"{unique('alice')}@example.com"
    gateway.caller(credits="12.48", email=email)
    return gateway.desk("session", email=email)


@pytest.fixture
def traveller(person, gateway, alice):
    """Makes pages of alice that may leave the site."""

    def make(**how):
        page = person(gateway, session=alice, **how).page
        page.unroute("**/*")
        return page

    return make


def test_user_of_the_demo_page_connects_pays_and_revokes(gateway, traveller):
    page = traveller()
    with demo_site() as demo:
        page.goto(demo)
        page.get_by_label("Server").fill(gateway.url)
        page.get_by_role("button", name="Connect your account").click()
        host = urlsplit(demo).netloc
        page.get_by_role("heading", name=f"Connect {host}").wait_for()
        page.get_by_text("Proposed by the app").wait_for()
        page.get_by_text(f"Redirects to {demo}").wait_for()
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


def test_user_of_the_demo_page_does_not_agree(gateway, traveller):
    page = traveller()
    with demo_site() as demo:
        page.goto(demo)
        page.get_by_label("Server").fill(gateway.url)
        page.get_by_role("button", name="Connect your account").click()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("You did not agree: access_denied").wait_for()
        assert page.url == demo


@pytest.mark.parametrize("javascript", [True, False])
def test_answer_goes_to_the_app_and_nothing_else_does(traveller, javascript):
    page = traveller(java_script_enabled=javascript)
    with guest_site() as guest:
        page.goto(link(f"{guest.address}/cb", **S256, state="s-1"))
        page.get_by_role("button", name="Authorize").click()
        page.get_by_text("Welcome back").wait_for()
        answer = answer_at(page)
        assert answer["state"] == "s-1" and answer["code"].startswith("auth_code_")
        assert guest.seen[0][1] is None  # no Referer
        page.goto(link(f"{guest.address}/cb", **S256))
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Welcome back").wait_for()
        assert answer_at(page) == {"error": "access_denied"}


def test_app_may_send_its_visitor_on(traveller, tmp_path):
    """Browsers hold the policy of the page's form against redirects of the app as well."""
    page = traveller(ignore_https_errors=True)
    certificate = make_certificate(tmp_path / "localhost.pem")
    with (
        guest_site(certificate=certificate) as last,
        guest_site(f"{last.address}/thanks") as program,
        guest_site(f"{last.address}/thanks", certificate) as site,
    ):
        for app in (program, site):
            page.goto(link(f"{app.address}/cb", **S256))
            page.get_by_role("button", name="Authorize").click()
            page.wait_for_url(f"{last.address}/thanks")
        assert [referer for _, referer in (*program.seen, *site.seen)] == [None, None]


def test_program_without_an_address_shows_a_code(person, gateway, alice):
    one = person(gateway, session=alice)
    page = one.open(link("", **S256, key_label="my-cli"))
    page.get_by_role("button", name="Authorize this program").click()
    page.get_by_role("heading", name="Copy this code").wait_for()
    assert re.fullmatch(r"auth_code_[\w-]{43}", page.locator(".copy-field .id").text_content())
    one.check()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({**S256, **PROPOSALS}, 200),
        ({"code_challenge": "plain"}, 200),
        ({"callback_url": f"https://{'very-long-name.' * 6}example/cb?x={'y' * 60}"}, 200),
        ({"callback_url": "http://evil.example/"}, 400),
    ],
    ids=["proposals", "plain", "long and unproven", "refused"],
)
def test_consent_page_has_no_fault_anywhere(everywhere, gateway, alice, fields, status):
    everywhere(gateway, link(**fields), status=status, session=alice)


def test_connected_apps_have_no_fault_anywhere(everywhere, person, gateway, alice):
    everywhere(gateway, "/settings/apps", session=alice)
    (account,) = gateway.sql(
        "SELECT u.id, u.email FROM accounts_user AS u ORDER BY u.id DESC LIMIT 1"
    )
    gateway.caller(credits="0", limit="5", email=account["email"])
    gateway.sql(
        "UPDATE accounts_apikey SET app_origin = %s WHERE user_id = %s",
        "https://app.example", account["id"],
    )  # fmt: skip
    everywhere(gateway, "/settings/apps", session=alice)
    for width in (1360, 360):
        one = person(gateway, session=alice, width=width)
        page = one.open("/settings/apps")
        page.locator("summary", has_text="Revoke all").click()
        assert page.get_by_role("button", name="Revoke all keys").is_visible()
        one.check()


def test_preview_for_developers_has_no_fault_anywhere(everywhere, person, gateway):
    everywhere(gateway, "/auth/debug")
    wrong = {"callback_url": "https://me@app.example/cb", "code_challenge": "plain"}
    everywhere(gateway, f"/auth/debug?{urlencode(wrong)}")
    page = person(gateway).open("/auth/debug")
    page.get_by_label("callback_url").fill("https://me@app.example/cb")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("It has a user name before the host").wait_for()


def test_consent_works_with_the_keyboard_alone(gateway, traveller):
    page = traveller()
    with guest_site() as guest:
        page.goto(link(f"{guest.address}/cb", **S256))
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
    (row,) = gateway.sql("SELECT limit_nano FROM accounts_authcode ORDER BY id DESC LIMIT 1")
    assert row["limit_nano"] == 1_000_000_000


def test_page_of_another_site_cannot_frame_it(gateway, traveller):
    page = traveller()
    with guest_site() as guest:
        page.goto(guest.address)
        page.evaluate(
            "address => { const frame = document.createElement('iframe'); frame.src = address;"
            " document.body.append(frame); }",
            gateway.url + link(**S256),
        )
        page.wait_for_timeout(500)
        (frame,) = [each for each in page.frames if each != page.main_frame]
        assert "Authorize" not in frame.content()
