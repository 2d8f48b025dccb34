"""Signing up and in, in a real browser: with codes from real mail files."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest
from gateway_process import unique
from playwright.sync_api import expect
from steps import (
    PASSWORD,
    SECURITY,
    add_authenticator,
    at,
    give_second_factor,
    sign_in,
    sign_out,
    sign_up,
)


@pytest.fixture(scope="module")
def site(new_gateway):
    """With an operator, so that others may sign up; by a name, because passkeys need one."""
    started = new_gateway().start()
    started.url = started.url.replace("127.0.0.1", "localhost")
    started.desk("session", email="operator@example.com", is_staff=True)
    return started


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_register_verify_and_sign_in_again(person, site, scripts):
    """What journey 2 begins with, also without JavaScript."""
    email = f"{unique('alice')}@example.com"
    one = person(site, java_script_enabled=scripts)
    page = sign_up(one, site, email, f"/accounts/signup/?next={SECURITY}")
    at(page, site, SECURITY)
    expect(page.locator("#content").get_by_text(email)).to_be_visible()
    if scripts:
        one.check()
    sign_out(page)
    page = sign_in(one, email, f"/accounts/login/?next={SECURITY}")
    at(page, site, SECURITY)


def test_sign_up_says_where_the_mail_is_while_there_is_no_mail_server(person, site):
    page = person(site).open("/accounts/signup/")
    assert str(site.folder / "mail") in page.locator(".auth-hint").inner_text()


def test_authenticator_app_is_set_up_and_asked_for(person, site):
    email = f"{unique('bob')}@example.com"
    one = person(site)
    page = sign_up(one, site, email, f"/accounts/signup/?next={SECURITY}")
    codes = add_authenticator(one)
    assert len(codes) == 10
    one.check()
    sign_out(page)
    page = sign_in(one, email, f"/accounts/login/?next={SECURITY}")
    at(page, site, "/accounts/2fa/authenticate/")
    one.check()
    give_second_factor(page, codes[0])
    at(page, site, SECURITY)
    expect(page.locator("#content")).to_contain_text("9 unused")


def with_device(one):
    """A device that has passkeys and a fingerprint of the right person."""
    device = one.context.new_cdp_session(one.page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return device, device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_passkey_is_added_and_signs_in_and_confirms(person, site):
    email = f"{unique('charlie')}@example.com"
    one = person(site)
    page = sign_up(one, site, email, f"/accounts/signup/?next={SECURITY}")
    device, authenticator = with_device(one)
    page.get_by_role("link", name="Add passkey").click()
    one.check()
    page.get_by_role("button", name="Add passkey").click()
    at(page, site, "/accounts/2fa/recovery-codes/")
    kept = device.send("WebAuthn.getCredentials", authenticator)["credentials"]
    assert len(kept) == 1 and kept[0]["isResidentCredential"]
    sign_out(page)
    page = one.open(f"/accounts/login/?next={SECURITY}")
    page.get_by_role("button", name="Sign in with a passkey").click()
    at(page, site, SECURITY)
    one.check()
    page = one.open(f"/accounts/2fa/webauthn/reauthenticate/?next={SECURITY}")
    page.get_by_role("button", name="Use a passkey").click()
    at(page, site, SECURITY)


def test_passkey_that_nobody_confirms_is_said_and_signs_nobody_in(person, site):
    one = person(site)
    page = one.open("/accounts/login/")
    device, authenticator = with_device(one)
    device.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    note = page.locator("x-passkey").get_by_role("alert")
    expect(note).to_contain_text("Try again", timeout=60_000)
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()


def test_session_of_another_browser_is_ended(person, site):
    email = f"{unique('dora')}@example.com"
    one, other = person(site), person(site)
    page = sign_up(one, site, email, f"/accounts/signup/?next={SECURITY}")
    sign_in(other, email, f"/accounts/login/?next={SECURITY}")
    at(other.page, site, SECURITY)
    page.reload()
    page.get_by_role("button", name="Sign out Chrome on Linux").click()
    expect(page.locator(".rows-item form")).to_have_count(0)
    other.page.reload()
    assert urlsplit(other.page.url).path == "/accounts/login/"


ENTRANCE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/inactive/",
]
MANAGE = [
    SECURITY, "/accounts/password/change/", "/accounts/email/", "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/", "/accounts/reauthenticate/", "/accounts/logout/",
    "/accounts/3rdparty/",
]  # fmt: skip


@pytest.mark.parametrize("path", ENTRANCE)
def test_entrance_pages_have_no_fault_anywhere(everywhere, site, path):
    everywhere(site, path)


@pytest.fixture(scope="module")
def session(site):
    return site.desk("session", email=f"{unique('erin')}@example.com", password=PASSWORD)


@pytest.mark.parametrize("path", MANAGE)
def test_pages_of_the_account_have_no_fault_anywhere(everywhere, site, session, path):
    everywhere(site, path, session=session)


@pytest.fixture
def invitation(site, session):
    """An open one for erin, by alice."""
    token = unique("token")
    caller = site.caller(email=f"{unique('alice')}@example.com")
    (erin,) = site.sql(
        "SELECT u.email FROM django_session s, accounts_user u WHERE u.email LIKE 'erin%'"
        " AND s.session_key = %s",
        session,
    )
    site.sql(
        "INSERT INTO accounts_invitation (owner_id, email, role, limit_nano, period, invited_by,"
        " digest, created_at, expires_at) VALUES (%s, %s, 'admin', 5000000000, 'monthly', 'alice',"
        " %s, %s, %s)",
        caller.user_id, erin["email"], hashlib.sha256(token.encode()).hexdigest(),
        "2026-01-01 00:00:00", "2096-01-01 00:00:00",
    )  # fmt: skip
    return f"/invitations/{token}"


def test_invitation_has_no_fault_for_a_visitor_and_for_somebody_else(everywhere, site, invitation):
    everywhere(site, invitation)
    other = site.desk("session", email=f"{unique('frank')}@example.com")
    everywhere(site, invitation, session=other)


def test_invitation_is_accepted_by_whom_it_is_for(everywhere, person, site, invitation, session):
    everywhere(site, invitation, session=session)
    page = person(site, session=session).open(invitation)
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url("**/memberships/*")
    assert "an admin of alice" in page.get_by_role("heading", level=1).inner_text()
    everywhere(site, urlsplit(page.url).path, session=session)


def test_setup_without_the_printed_link_has_no_fault_and_makes_nobody(person, new_gateway):
    one = person(new_gateway().start())
    one.look("/accounts/signup/")
    one.look("/setup?token=nothing", status=403)
