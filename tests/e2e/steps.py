"""What people do on many a journey: sign up, sign in, set up a second factor, make a key."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gateway_process import wait_until
from playwright.sync_api import expect

sys.path.append(str(Path(__file__).parent.parent / "accounts"))

from authenticator_app import code as app_code

PASSWORD = "a-long-sentence-of-mine"
SECURITY = "/settings/security"
KEY = re.compile(r"sk-or-v1-[0-9a-f]{64}")


def at(page, site, path):
    expect(page).to_have_url(f"{site.url}{path}")


def mails_to(site, email):
    """Newest first."""
    files = sorted((site.folder / "mail").glob("*"), key=lambda path: -path.stat().st_mtime_ns)
    return [text for text in (path.read_text() for path in files) if f"To: {email}" in text]


def code_for(site, email, known=0):
    """The code of the mail that comes after the first `known`."""
    wait_until(lambda: len(mails_to(site, email)) > known, "e-mail with a code")
    return re.findall(r"^([A-Z0-9-]{6,12})$", mails_to(site, email)[0], re.MULTILINE)[-1]


def sign_up(one, site, email, path="/accounts/signup/"):
    page = one.open(path)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign up").click()
    code = page.get_by_label("Code")
    # While we wait for the mail, nobody lets the browser's requests through.
    code.wait_for()
    code.fill(code_for(site, email))
    page.get_by_role("button", name="Continue").click()
    return page


def sign_in(one, email, path="/accounts/login/"):
    page = one.open(path)
    give_password(page, email)
    return page


def give_password(page, email):
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.locator("summary[aria-label^='Account of']").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").first.wait_for()


def add_authenticator(one):
    """From the security page on; the recovery codes."""
    page = one.page
    page.get_by_role("link", name="Set up authenticator app").click()
    one.check()
    assert page.get_by_alt_text("QR code").is_visible()
    secret = page.locator(".totp .id").inner_text()
    page.get_by_label("Authenticator code").fill(app_code(secret))
    page.get_by_role("button", name="Switch on").click()
    return page.locator("#recovery-codes").inner_text().split()


def give_second_factor(page, code):
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).last.click()


def make_key(one):
    """Key "ci" with $5 a month, from the list of keys on; the page that shows it."""
    page = one.page
    # Before the scripts are there, the link leads to a page.
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Create key", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="Create key")
    expect(dialog).to_be_visible()
    one.check()
    dialog.get_by_label("Name", exact=True).fill("ci")
    dialog.get_by_label("Credit limit").fill("5")
    dialog.get_by_label("Resets").select_option("monthly")
    dialog.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", name="ci is ready")).to_be_visible()
    return page
