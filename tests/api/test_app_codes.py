"""Codes by API: POST /auth/keys/code, for programs that act for their user already."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from api_rows import budget, error_of, key_of, person
from django.utils import timezone
from member_rows import small_organization

from accounts.models import ApiKey, AuthCode
from billing.models import KeyBudget

pytestmark = pytest.mark.django_db
CODES = "/api/v1/auth/keys/code"
CALLBACK = "https://app.example/cb"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
def alice():
    return person("alice")


def ask(client, headers, **body):
    return client.generic("POST", CODES, json.dumps({"callback_url": CALLBACK, **body}),
                          headers=headers)  # fmt: skip


@pytest.mark.parametrize("is_management", [True, False])
def test_code_is_exchanged_for_a_key_on_the_terms_asked_for(client, alice, is_management):
    headers = key_of(alice, is_management=is_management)[2]
    answer = ask(
        client, headers, code_challenge=CHALLENGE, code_challenge_method="S256", limit=2.5,
        usage_limit_type="daily", expires_at="2999-01-31T12:00:00Z", key_label="Cloud",
        workspace_id="w",
    )  # fmt: skip
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert set(data) == {"id", "app_id", "created_at"}
    assert isinstance(data["app_id"], int)
    body = {"code": data["id"], "code_verifier": VERIFIER}
    made = client.post("/api/v1/auth/keys", body, content_type="application/json")
    assert made.status_code == 200
    row = ApiKey.objects.get(name="Cloud")
    assert (row.user, row.app_origin, row.expires_at.year) == (alice, "https://app.example", 2999)
    found = KeyBudget.objects.get(key=row)
    assert (found.limit_nano, found.period) == (2_500_000_000, "daily")


def test_app_has_one_number(client, alice):
    headers = key_of(alice)[2]
    first = ask(client, headers).json()["data"]["app_id"]
    same = ask(client, headers, callback_url="https://app.example/other").json()["data"]["app_id"]
    other = ask(client, headers, callback_url="https://b.example/cb").json()["data"]["app_id"]
    assert first == same != other


@pytest.mark.parametrize("why", ["app", "limit", "end", "models"])
def test_no_key_makes_one_that_can_do_more_than_itself(client, alice, why):
    fields = {
        "app": {"app_origin": "https://app.example"},
        "end": {"expires_at": timezone.now() + timedelta(days=1)},
        "models": {"allowed_models": ["openai/gpt-4"]},
    }
    row, _, headers = key_of(alice, **fields.get(why, {}))
    if why == "limit":
        budget(row, limit="5")
    error_of(ask(client, headers), 403)
    assert AuthCode.objects.count() == 0


def test_revoking_the_key_ends_the_code_it_made(client, alice):
    row, _, headers = key_of(alice)
    code = ask(client, headers).json()["data"]["id"]
    ApiKey.objects.filter(pk=row.pk).update(disabled=True)
    made = client.post("/api/v1/auth/keys", {"code": code}, content_type="application/json")
    assert error_of(made, 403)["metadata"] == {"reason": "unknown_code"}


def test_nobody_without_a_key(client, alice):
    error_of(ask(client, {}), 401)
    client.force_login(alice)
    error_of(ask(client, {}), 401)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"callback_url": None}, "callback_url"),
        ({"callback_url": "javascript:alert(1)"}, "callback_url"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "MD5"}, "code_challenge_method"),
        ({"limit": -1}, "limit"),
        ({"limit": "1e400"}, "limit"),
        ({"usage_limit_type": "hourly", "limit": 1}, "usage_limit_type"),
        ({"user_id": 7}, "user_id"),
        ({"is_staff": True}, "is_staff"),
    ],
)
def test_what_makes_no_sense_names_the_field(client, alice, body, field):
    headers = key_of(alice)[2]
    assert error_of(ask(client, headers, **body), 400)["metadata"] == {"field": field}
    assert AuthCode.objects.count() == 0


def test_too_many_codes_that_wait_are_a_conflict(client, alice):
    headers = key_of(alice)[2]
    assert {ask(client, headers).status_code for _ in range(50)} == {200}
    error_of(ask(client, headers), 409)


def test_server_may_insist_on_s256(client, alice, settings):
    settings.REQUIRE_PKCE_S256 = True
    headers = key_of(alice)[2]
    error_of(ask(client, headers), 400)
    error_of(ask(client, headers, code_challenge="p"), 400)
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert ask(client, headers, **asked).status_code == 200


@pytest.mark.parametrize("which", ["manager", "caller"])
def test_member_makes_no_codes_that_would_spend_past_his_budget(client, which):
    _, bob, charlie = small_organization()
    for member in (bob, charlie):
        error_of(ask(client, getattr(member, which)), 403)
    assert not AuthCode.objects.exists()
