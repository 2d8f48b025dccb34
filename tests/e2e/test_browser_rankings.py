"""Rankings and pages of apps in a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
from browser import CSS_BYTES_MAX, JS_BYTES_MAX
from gateway_process import unique, wait_until
from playwright.sync_api import expect

APPS = (
    ("https://chat.example", "Example Chat"),
    ("https://evil.example", "<img src=x onerror=alert(1)> a title that goes on " + "and on " * 9),
)
# The first of them waits for a site that was used for forty days.
pytestmark = pytest.mark.timeout(300)
MODELS = ("openai/gpt-4o", "anthropic/claude-3-haiku", "mistralai/mixtral-8x22b-instruct")


@pytest.fixture(scope="module")
def site(new_gateway):
    """A site that was used on each of the last forty days."""
    gateway = new_gateway().start()
    gateway.owner = f"{unique('alice')}@example.com"
    caller = gateway.caller(email=gateway.owner)
    for number in range(24):
        referer, title = APPS[number % 2]
        answer = requests.post(
            f"{gateway.url}/api/v1/chat/completions",
            json={"model": MODELS[number % 3], "max_tokens": 40,
                  "messages": [{"role": "user", "content": "Hello! [[simulate tokens=9]]"}]},
            headers={"Authorization": f"Bearer {caller.key}", "HTTP-Referer": referer,
                     "X-Title": title},
            timeout=60,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    wait_until(lambda: not gateway.open_holds(), "the settlements")
    rows = gateway.sql("SELECT id FROM billing_generation ORDER BY created_at, id")
    for number, row in enumerate(rows):
        moment = datetime.now(UTC) - timedelta(days=1 + number * 39 / len(rows))
        gateway.sql(
            "UPDATE billing_generation SET created_at = %s WHERE id = %s",
            f"{moment:%Y-%m-%d %H:%M:%S.%f}", row["id"],
        )  # fmt: skip
    for name in ("roll_up_usage", "roll_up_rankings"):
        done = gateway.desk("command", name=name, arguments=[])
        assert done["status"] == 0, done["output"]
    return gateway


@pytest.fixture(scope="module")
def app(site):
    """The path of the page of the app with the hostile title."""
    (row,) = site.sql("SELECT id FROM rankings_rankedapp WHERE origin = %s", APPS[1][0])
    return f"/apps/{row['id']}"


@pytest.mark.parametrize("query", ["", "?view=month&by=author&apps=trending"])
def test_rankings_have_no_fault_anywhere(everywhere, site, query):
    everywhere(site, f"/rankings{query}", name=f"rankings{len(query)}")


def test_an_app_has_no_fault_anywhere(everywhere, site, app):
    everywhere(site, app)


def test_the_start_page_with_apps_has_no_fault_anywhere(everywhere, site):
    everywhere(site, "/", name="landing-used")


def test_rankings_of_a_new_site_have_no_fault_anywhere(everywhere, gateway):
    everywhere(gateway, "/rankings", name="rankings-empty")


def test_they_are_light_to_load(person, site):
    scripts, styles = person(site).weight("/rankings")
    assert scripts <= JS_BYTES_MAX and styles <= CSS_BYTES_MAX


def test_the_way_from_the_menu_to_an_app_needs_no_script(person, site):
    page = person(site, java_script_enabled=False).open("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Rankings").click()
    page.get_by_role("link", name="30 days").click()
    page.get_by_role("link", name="Authors").click()
    assert "view=month" in page.url and "by=author" in page.url
    page.locator(".chart-wide").get_by_role("img").wait_for()
    page.get_by_text("Show table").click()
    expect(page.get_by_role("columnheader", name="Total")).to_be_visible()
    page.get_by_role("link", name="Example Chat").click()
    expect(page.get_by_role("heading", level=1, name="Example Chat")).to_be_visible()
    page.go_back()
    assert "by=author" in page.url


def test_a_table_is_downloaded(person, site):
    page = person(site).open("/rankings")
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert "openai/gpt-4o" in download.value.path().read_text()


def test_an_owner_hides_an_app_by_keyboard_and_shows_it_again(person, site, app):
    owner = person(site, session=site.desk("session", email=site.owner))
    page = owner.open(app)
    page.get_by_role("button", name="Hide this app").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This app is hidden")).to_be_visible()
    owner.check()
    person(site).open(app, status=404)
    page.get_by_role("button", name="Show it again").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Hide this app")).to_be_visible()
    person(site).open(app)
