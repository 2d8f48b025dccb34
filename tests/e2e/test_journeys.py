"""Whole journeys, each of one person from beginning to end (design ui 4): 1, 2, 3 and 8.

Journey 9 is in test_credit_journeys.py, journey 10 in test_settings.py.
"""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
from app_sites import demo_site
from browser import PLAIN_HOST
from gateway_process import run, unique
from playwright.sync_api import expect
from steps import (
    KEY,
    PASSWORD,
    SECURITY,
    add_authenticator,
    at,
    give_password,
    give_second_factor,
    make_key,
    sign_out,
    sign_up,
)
from wire_client import bearer, request


@pytest.fixture(scope="module")
def site(new_gateway):
    """A server that has an operator, so that others may sign up."""
    started = new_gateway(RATE_LIMITS="1").start()
    started.desk("session", email="operator@example.com", is_staff=True)
    return started


def manage(site, command):
    """What a command says that the page or the README shows, in a process of its own."""
    python = ".venv/bin/python"
    assert command.startswith(f"{python} manage.py ")
    return run(command.replace(python, sys.executable), site.environment)


def send(curl, **environment):
    """The answer to a command that a page shows, in a real shell."""
    return json.loads(run(curl, {**os.environ, **environment}))


# --- 1: first run ------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_operator_of_an_empty_instance_follows_the_list_to_the_first_answer(
    person, new_gateway, tool
):
    tool("curl")
    site = new_gateway(is_empty=True, UNCONFIGURED_PROVIDER_URL="", CATALOG_POLL_S="0.1")
    site.environment["SITE_URL"] = site.url
    site.start()
    one = person(site)
    page = one.look("/", name="landing-empty")
    person(site, theme="dark", width=360).look("/", name="landing-empty")
    expect(page.get_by_text("Nobody operates this instance yet")).to_be_visible()
    link = manage(site, ".venv/bin/python manage.py setup_link").strip()
    path = link.removeprefix(site.url)
    page = one.look(path, name="setup")
    page.get_by_label("E-mail address").fill("operator@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    at(page, site, "/")
    person(site).open(path, status=404)
    done = page.locator(".step.is-done h3")
    expect(page.locator(".step h3")).to_have_count(4)
    expect(done).to_have_count(0)

    page.get_by_role("link", name="Add provider").click()
    page.get_by_label("Slug").fill("local")
    page.get_by_label("Name:", exact=True).fill("Local")
    page.get_by_label("Base URL").fill(f"http://127.0.0.1:{site.simulator.port}/openai/v1")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="View site").click()
    page.locator("header .brand").click()
    # Each turns green without a reload.
    expect(done).to_have_text(["Add a provider"], timeout=20_000)
    add_model = page.locator("#command-2").inner_text()
    assert "Added endpoint me/llama-3-8b" in manage(site, add_model.replace("llama3", "gpt-4"))
    expect(done).to_have_text(["Add a provider", "Load models"], timeout=20_000)
    page.reload()
    one.check()
    page.get_by_role("link", name="Create key").click()
    (key,) = set(KEY.findall(make_key(one).content()))
    page.get_by_role("link", name="I stored it").click()
    page.goto("/")
    expect(done).to_have_text(["Add a provider", "Load models", "Create a key"])

    answer = send(page.locator("#quick-curl").inner_text(), OPENROUTER_API_KEY=key)
    assert answer["choices"][0]["message"]["content"]
    assert answer["model"] == "me/llama-3-8b"
    expect(done).to_have_count(4, timeout=20_000)
    page.get_by_role("link", name="Open activity").click()
    expect(page.locator("#requests tbody tr")).to_have_count(1)
    expect(page.locator("#requests tbody")).to_contain_text("me/llama-3-8b")
    expect(page.locator(".stat", has_text="Requests").first).to_contain_text("1")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("One API")


# --- 2: sign up, key, call ---------------------------------------------------------------------


def test_visitor_signs_up_makes_a_key_and_calls(person, site, tool, tmp_path):
    """Over plain http and by a name, where a page gets no clipboard; without credits."""
    tool("curl")
    email = f"{unique('alice')}@example.com"
    plain = f"http://{PLAIN_HOST}:{site.port}"
    one = person(site, address=plain)
    page = sign_up(one, site, email)
    page.get_by_role("link", name="Create key", exact=True).click()
    assert page.evaluate("window.isSecureContext") is False
    page = make_key(one)
    one.check()
    (key,) = set(KEY.findall(page.content()))
    page.get_by_role("button", name="Copy key").click()
    expect(page.locator("#live")).to_have_text("Copied")
    (tmp_path / ".curlrc").write_text(f"resolve = {PLAIN_HOST}:{site.port}:127.0.0.1\n")
    answer = send(page.locator("#try").inner_text(), CURL_HOME=str(tmp_path))
    assert answer["choices"][0]["message"]["content"]
    page.get_by_role("link", name="I stored it").click()
    page.get_by_label("Search keys").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Search keys")).to_have_value(key)
    page.reload()
    row = page.get_by_role("row", name=re.compile("^ci "))
    expect(row).to_contain_text(f"{key[:12]}...{key[-3:]}")
    expect(row).to_contain_text("of $5.00")
    expect(row.locator("td[data-label='Last used']")).to_contain_text("just now")
    assert not KEY.search(page.content())


# --- 3: find a model ---------------------------------------------------------------------------


def found(page):
    """Of the list: how many it says there are, and the names in their order."""
    rows = page.get_by_role("region", name="Models").locator("tbody tr")
    return rows.locator(".cell-name a").all_inner_texts()


def test_visitor_finds_a_model_by_what_it_takes_and_who_serves_it(person, site):
    one = person(site)
    page = one.look("/models", name="models-all")
    filters = page.get_by_role("group", name="Input")
    filters.get_by_role("checkbox", name="Image").check()
    expect(page).to_have_url(f"{site.url}/models?input=image")
    policy = page.get_by_role("group", name="Data policy")
    promised = policy.locator("label", has_text="Does not train").locator(".facet-count")
    count = int(promised.inner_text())
    policy.get_by_role("checkbox", name="Does not train").check()
    # Every model that takes images may promise it: only the address tells that the answer is there.
    expect(page).to_have_url(f"{site.url}/models?input=image&policy=no-training")
    rows = page.get_by_role("region", name="Models").locator("tbody tr")
    expect(rows).to_have_count(count)
    page.get_by_label("Sort by").select_option("Price: low to high")
    expect(page).to_have_url(f"{site.url}/models?input=image&policy=no-training&sort=price")
    listed, address = found(page), page.url
    assert len(listed) == count > 1
    without_script = person(site, java_script_enabled=False).open(address.removeprefix(site.url))
    assert found(without_script) == listed

    rows.first.locator(".cell-name a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(listed[0])
    one.check()
    model = page.url.removeprefix(f"{site.url}/")
    offers = page.locator(".offers tbody tr")
    names = offers.locator(".cell-name a").all_inner_texts()
    assert names == planned(site, model)
    page.go_back()
    expect(page).to_have_url(address)
    expect(rows).to_have_count(count)
    expect(page.get_by_role("checkbox", name="Does not train")).to_be_checked()
    assert found(page) == listed


def planned(site, model):
    """Who would be asked for this model, the likeliest first."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    caller = site.caller(credits="1")
    answer = request(site, "POST", "/api/v1/route", body, bearer(caller))
    (route,) = json.loads(answer.body)["data"]["routes"]
    likely = sorted(route["endpoints"], key=lambda endpoint: -endpoint["odds"])
    return [endpoint["provider"] for endpoint in likely]


# --- 8: consent of an app ----------------------------------------------------------------------


def exchange(site, code, verifier):
    """The answer to the app's call for a key."""
    body = {"code": code, "code_verifier": verifier, "code_challenge_method": "S256"}
    return request(site, "POST", "/api/v1/auth/keys", body)


def connect(page, site, demo):
    page.goto(demo)
    page.get_by_label("Server").fill(site.url)
    page.get_by_role("button", name="Connect your account").click()


def test_visitor_of_an_app_signs_in_on_the_way_connects_it_and_takes_it_back(person, site):
    email = f"{unique('alice')}@example.com"
    one = person(site)
    page = sign_up(one, site, email, f"/accounts/signup/?next={SECURITY}")
    recovery, *_ = add_authenticator(one)
    sign_out(page)
    site.caller(credits="3", email=email)
    page.unroute("**/*")
    with demo_site() as demo:
        connect(page, site, demo)
        give_password(page, email)
        give_second_factor(page, recovery)
        expect(page.locator("main")).to_contain_text(f"Signed in as {email}")
        page.get_by_role("radio", name="$1", exact=True).check()
        with page.expect_request("**/api/v1/auth/keys") as exchanging:
            page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_text("Connected.")).to_be_visible()
        assert page.url == demo
        sent = exchanging.value.post_data_json
        assert (sent["code"], sent["code_verifier"]) != ("", "")
        key = exchanging.value.response().json()["key"]
        authorization = {"Authorization": f"Bearer {key}"}
        mine = request(site, "GET", "/api/v1/key", headers=authorization)
        assert mine.json["data"]["limit"] == 1
        again = exchange(site, sent["code"], sent["code_verifier"]).error
        assert (again["code"], again["metadata"]["reason"]) == (403, "used_code")

        # The app loses its second code on the way; somebody else tries it.
        page.evaluate("sessionStorage.clear()")
        page.route("**/api/v1/auth/keys", lambda route: route.abort())
        connect(page, site, demo)
        with page.expect_request("**/api/v1/auth/keys") as exchanging:
            page.get_by_role("button", name="Authorize").click(no_wait_after=True)
        wrong = exchange(site, exchanging.value.post_data_json["code"], "w" * 43).error
        assert (wrong["code"], wrong["metadata"]["reason"]) == (403, "wrong_verifier")
        assert "verifier" in wrong["message"] and wrong["message"] != again["message"]

        page.goto(f"{site.url}/settings/apps")
        app = page.locator("section.card", has_text=demo.rstrip("/"))
        expect(app).to_contain_text("$1.00")
        app.locator("summary", has_text="Revoke").click()
        app.get_by_role("button", name="Revoke the key").click()
        expect(page.get_by_role("heading", name="No app is connected")).to_be_visible()
        assert request(site, "GET", "/api/v1/key", headers=authorization).status == 401

        addresses = []
        page.on("request", lambda seen: addresses.append(seen.url))
        connect(page, site, demo)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("You did not agree: access_denied")).to_be_visible()
        refused = page.goto(f"{site.url}/auth?callback_url=http://evil.example/cb")
        assert refused.status == 400 and page.url.startswith(site.url)
        expect(page.get_by_role("button", name="Authorize")).to_have_count(0)
        assert not [address for address in addresses if "code=" in address]
        assert not [address for address in addresses if address.startswith("http://evil")]
