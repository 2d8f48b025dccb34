"""Consent: who is asked, what he may change, and where the answer goes (and never goes)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from consent_rows import CALLBACK, S256, VERIFIER, agree, answer_of, connected, link, person
from django.test import Client
from django.utils import timezone
from sessions import sign_in

from accounts.models import ApiKey, AuthCode
from billing import app_keys
from billing.models import KeyBudget

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def browser(client, alice):
    """Alice's, signed in."""
    sign_in(client, alice)
    return client


def key_for(answer, verifier=VERIFIER):
    row, _ = app_keys.exchange(answer["code"], verifier, "")
    return row


# --- The way there and back ---------------------------------------------------------------------


def test_consent_gives_the_app_a_code_for_a_key_of_its_user(browser, alice):
    url = link(**S256, state="s-1&x")
    page = browser.get(url)
    assert page.status_code == 200
    response = agree(browser, url)
    assert response["Location"].startswith(f"{CALLBACK}?code=auth_code_")
    answer = answer_of(response)
    assert answer["state"] == "s-1&x"
    row = key_for(answer)
    assert (row.user, row.name, row.app_origin) == (alice, "app.example", "https://app.example")
    assert KeyBudget.objects.get(key=row).limit_nano == 5_000_000_000


def test_apps_own_query_stays(browser):
    response = agree(browser, link(f"{CALLBACK}?state=own&x=%2F", **S256, state="other"))
    assert response["Location"].startswith(f"{CALLBACK}?state=own&x=%2F&code=")
    assert answer_of(response)["state"] == "own"


def test_cancelling_tells_the_app_and_makes_nothing(browser):
    response = browser.post(link(**S256, state="s-1"), {"cancel": ""})
    assert answer_of(response) == {"error": "access_denied", "state": "s-1"}
    assert AuthCode.objects.count() == 0


def test_visitor_signs_in_first_and_comes_back_to_the_same_request(client, settings):
    url = link(**S256, state="s-1", limit="2")
    for response in (client.get(url), agree(client, url)):
        assert response.status_code == 302
        where = urlsplit(response["Location"])
        assert where.path == settings.LOGIN_URL or where.path.startswith("/")
        assert parse_qs(where.query)["next"] == [url]
    assert AuthCode.objects.count() == 0


def test_not_you_signs_out_and_asks_the_same_again(browser):
    url = link(**S256)
    response = browser.post(url.replace("/auth?", "/auth/switch?"))
    assert parse_qs(urlsplit(response["Location"]).query)["next"] == [url]
    assert browser.get(url).status_code == 302
    assert browser.get("/auth/switch").status_code == 405


def test_program_without_an_address_gets_its_code_copied(browser, alice):
    url = link("", **S256, key_label="my-cli")
    response = agree(browser, url)
    assert response.status_code == 200
    (row,) = AuthCode.objects.all()
    code = response.context["code"]
    assert code in response.content.decode()
    made, _ = app_keys.exchange(code, VERIFIER, "S256")
    assert (made.name, made.app_origin, row.user) == ("my-cli", "headless", alice)
    assert browser.post(url, {"cancel": ""}).status_code == 200


# --- What it must not do ------------------------------------------------------------------------


@pytest.mark.parametrize("is_signed_in", [True, False])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "http://app.example/cb", "https://me@app.example/", "//evil.example",
        "https:\\\\evil.example", "https://app.example/#x", "https://app.example/" + "x" * 4096,
        "vscode://cb", "data:text/html,x",
    ],
)  # fmt: skip
def test_bad_callback_gets_a_page_and_no_redirect(client, alice, url, is_signed_in):
    if is_signed_in:
        sign_in(client, alice)
    for response in (client.get(link(url, **S256)), agree(client, link(url, **S256))):
        assert response.status_code == 400
        assert "Location" not in response
        assert "callback_url" in response.content.decode()
        assert response.templates[0].name == "oauth/error.html"
    assert client.post(link(url), {"cancel": ""}).status_code == 400
    assert AuthCode.objects.count() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"code_challenge": "x", "code_challenge_method": "MD5"},
        {"code_challenge_method": "S256"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"limit": "-5"},
        {"limit": "1e400"},
        {"usage_limit_type": "hourly", "limit": "1"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"key_label": "x" * 101},
        {"key_label": "\x00"},
        {"state": "x" * 1025},
    ],
)
def test_what_makes_no_sense_is_explained_here(browser, fields):
    response = browser.get(link(**fields))
    assert response.status_code == 400
    assert response.context["field"] in fields or response.context["field"] == "code_challenge"


def test_what_is_said_twice_is_refused(browser):
    response = browser.get(f"{link()}&callback_url=https://evil.example/")
    assert (response.status_code, response.context["field"]) == (400, "callback_url")


def test_getting_the_page_grants_nothing(browser):
    for url in (link(**S256), link(**S256, authorize="", limit="5", decision="authorize")):
        assert browser.get(url).status_code == 200
    assert browser.head(link(**S256)).status_code == 200
    assert browser.put(link(**S256)).status_code == 405
    assert AuthCode.objects.count() == 0


def test_form_of_another_site_grants_nothing(alice):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, alice)
    url = link(**S256)
    client.get(url)
    assert agree(client, url).status_code == 403
    token = client.cookies["csrftoken"].value
    foreign = agree(client, url, csrfmiddlewaretoken="x" * 64)
    assert foreign.status_code == 403
    assert AuthCode.objects.count() == 0
    assert agree(client, url, csrfmiddlewaretoken=token).status_code == 303


def test_page_is_not_framed_cached_or_told_to_the_app(browser):
    page = browser.get(link(**S256))
    assert page["X-Frame-Options"] == "DENY"
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    answer = agree(browser, link(**S256))
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("callback_url", "sources"),
    [
        ("https://app.example:8443/cb?x=;script-src", "https://app.example:8443 https:"),
        ("http://127.0.0.1:8484/cb", "http://127.0.0.1:8484 https:"),
        ("http://[::1]:8484/cb", "http: https:"),
    ],
)
def test_policy_names_where_the_answer_may_lead(browser, callback_url, sources):
    policy = browser.get(link(callback_url, **S256))["Content-Security-Policy"]
    directives = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert directives["form-action"] == f"'self' {sources}"
    assert directives["frame-ancestors"] == "'none'"
    elsewhere = browser.get("/auth/debug")["Content-Security-Policy"]
    assert "form-action 'self';" in f"{elsewhere};"


def test_what_the_app_wrote_is_shown_as_text(browser):
    page = browser.get(link(**S256, key_label="<script>alert(1)</script>", state="<b>"))
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_server_may_insist_on_s256(browser, settings):
    settings.REQUIRE_PKCE_S256 = True
    assert browser.get(link()).status_code == 400
    assert browser.get(link(code_challenge="plain")).status_code == 400
    assert browser.get(link(**S256)).status_code == 200


def test_too_many_codes_that_wait_are_told(browser):
    for _ in range(50):
        assert agree(browser, link(**S256)).status_code == 303
    response = agree(browser, link(**S256))
    assert (response.status_code, response.templates[0].name) == (409, "oauth/error.html")


# --- What its user may change -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "limit_nano", "period"),
    [
        ({"limit": "1"}, 1_000_000_000, ""),
        ({"limit": "20", "period": "monthly"}, 20_000_000_000, "monthly"),
        ({"limit": "none", "period": "daily"}, None, ""),
        ({"limit": "proposed"}, 2_500_000_000, ""),
    ],
)
def test_user_sets_what_the_key_may_spend(browser, choices, limit_nano, period):
    row = key_for(answer_of(agree(browser, link(**S256, limit="2.5"), **choices)))
    budget = KeyBudget.objects.filter(key=row).first() or KeyBudget()
    assert (budget.limit_nano, budget.period) == (limit_nano, period)


def test_user_sets_when_the_key_ends(browser):
    row = key_for(answer_of(agree(browser, link(**S256), lifetime="7")))
    assert timedelta(days=6.9) < row.expires_at - timezone.now() <= timedelta(days=7)
    proposal = {"expires_at": "2999-01-31T12:00:00Z"}
    row = key_for(answer_of(agree(browser, link(**S256, **proposal), lifetime="proposed")))
    assert row.expires_at.year == 2999
    row = key_for(answer_of(agree(browser, link(**S256, **proposal), lifetime="none")))
    assert row.expires_at is None


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ({}, ("5", "", "none")),
        ({"limit": "20"}, ("20", "", "none")),
        ({"limit": "2.50", "usage_limit_type": "weekly"}, ("proposed", "weekly", "none")),
        ({"expires_at": "2999-01-31T12:00:00Z"}, ("5", "", "proposed")),
    ],
)
def test_proposals_are_what_is_chosen_at_first(browser, fields, chosen):
    form = browser.get(link(**S256, **fields)).context["form"]
    assert tuple(form[name].initial for name in ("limit", "period", "lifetime")) == chosen


@pytest.mark.parametrize(
    "choices",
    [{"limit": "1000"}, {"limit": "proposed"}, {"period": "hourly"}, {"lifetime": "36500"},
     {"lifetime": "proposed"}, {"limit": ""}],
)  # fmt: skip
def test_what_was_not_offered_cannot_be_chosen(browser, choices):
    response = agree(browser, link(**S256), **choices)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert AuthCode.objects.count() == 0


def test_returning_app_may_replace_its_key(browser, alice):
    old, _ = connected(alice)
    connected(person("bob"))
    page = browser.get(link(**S256))
    assert [each.row for each in page.context["earlier"]] == [old]
    row = key_for(answer_of(agree(browser, link(**S256))))
    assert set(ApiKey.objects.filter(user=alice, disabled=False)) == {old, row}
    newest = key_for(answer_of(agree(browser, link(**S256), replace="on")))
    assert set(ApiKey.objects.filter(user=alice, disabled=False)) == {newest}
