"""Codes for keys: POST /auth/keys. Each refusal has its own words, and a code makes one key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from api_rows import bearer, error_of, key_of, person
from django.utils import timezone

from accounts import challenges, keys, pkce
from accounts.app_requests import KeyTerms
from accounts.models import ApiKey, AuthCode, KeyChange, User
from billing import app_keys
from billing.key_creation import KEYS_MAX
from billing.models import KeyBudget

pytestmark = pytest.mark.django_db
EXCHANGE = "/api/v1/auth/keys"
ORIGIN = "https://app.example"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
END = datetime(2999, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def alice():
    return person("alice")


def code_for(user, challenge=CHALLENGE, method="S256", *, origin=ORIGIN, replaces=False, **terms):
    asked = challenges.read(challenge, method, only_s256=False)
    terms = KeyTerms(**{"label": "My app", **terms})
    return pkce.issue(user.pk, origin, asked, terms, replaces=replaces)[1]


def post(client, body, **more):
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.generic("POST", EXCHANGE, raw, **{"content_type": "text/plain", **more})


def exchanged(client, code, verifier=VERIFIER, **more):
    return post(client, {"code": code, "code_verifier": verifier, **more})


def refusal(answer, reason, code=403):
    error = error_of(answer, code)
    assert error["metadata"] == {"reason": reason}
    return error["message"]


def aged(seconds, **field):
    """All codes as if they had been made (or used) so much earlier."""
    (name,) = field or ("created_at",)
    AuthCode.objects.update(**{name: timezone.now() - timedelta(seconds=seconds)})


def works(client, key):
    return client.get("/api/v1/key", headers=bearer(key)).status_code


# --- The exchange -------------------------------------------------------------------------------


def test_code_and_verifier_become_a_key(client, alice):
    answer = exchanged(client, code_for(alice), code_challenge_method="S256")
    assert answer.status_code == 200
    assert set(answer.json()) == {"key", "user_id"}
    assert answer.json()["user_id"] == f"user_{alice.pk}"
    assert (answer["Access-Control-Allow-Origin"], answer["Cache-Control"]) == (
        "*",
        "private, no-store",
    )
    key = answer.json()["key"]
    assert keys.is_well_formed(key)
    assert works(client, key) == 200
    row = ApiKey.objects.get()
    assert (row.user, row.name, row.app_origin) == (alice, "My app", ORIGIN)
    assert AuthCode.objects.get().key == row


def test_key_has_the_limits_that_were_granted(client, alice):
    code = code_for(alice, limit_nano=5_000_000_001, period="weekly", expires_at=END)
    key = exchanged(client, code).json()["key"]
    budget = KeyBudget.objects.get(key__digest=keys.digest(key))
    assert (budget.limit_nano, budget.period) == (5_000_000_001, "weekly")
    assert ApiKey.objects.get().expires_at == END
    seen = client.get("/api/v1/key", headers=bearer(key)).json()["data"]
    assert (seen["limit"], seen["limit_reset"], seen["label"]) == (
        5.000000001,
        "weekly",
        keys.label(key),
    )
    assert [change.actor for change in KeyChange.objects.all()] == [f"app:{ORIGIN}"]


@pytest.mark.parametrize("method", [None, "plain", ...])
def test_plain_challenge_is_met_by_itself(client, alice, method):
    code = code_for(alice, "9" * 256, None)
    more = {} if method is ... else {"code_challenge_method": method}
    assert exchanged(client, code, "9" * 256, **more).status_code == 200


@pytest.mark.parametrize("verifier", [None, "", ...])
def test_without_a_challenge_the_code_is_enough(client, alice, verifier):
    more = {} if verifier is ... else {"code_verifier": verifier}
    assert post(client, {"code": code_for(alice, None, None), **more}).status_code == 200


def test_body_is_json_whatever_is_said_of_it_and_may_have_more(client, alice):
    more = {"redirect_uri": "https://app.example/cb", "client_id": "x", "grant_type": "y"}
    body = {"code": code_for(alice), "code_verifier": VERIFIER, **more}
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = post(client, body, content_type=content_type)
        assert answer.status_code in (200, 403)
    assert ApiKey.objects.count() == 1


def test_nobody_needs_a_key_and_a_bad_one_does_not_matter(client, alice):
    raw = json.dumps({"code": code_for(alice), "code_verifier": VERIFIER})
    assert client.generic("POST", EXCHANGE, raw, headers=bearer("junk")).status_code == 200


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": None}, "code"),
        ({"code": ""}, "code"),
        ({"code": 7}, "code"),
        ({"code": ["x"]}, "code"),
        ({"code": "x" * 257}, "code"),
        ({"code": "x", "code_verifier": 7}, "code_verifier"),
        ({"code": "x", "code_verifier": "v" * 257}, "code_verifier"),
        ({"code": "x", "code_challenge_method": "MD5"}, "code_challenge_method"),
        ({"code": "x", "code_challenge_method": 256}, "code_challenge_method"),
    ],
)
def test_what_is_no_exchange_names_the_field(client, body, field):
    assert error_of(post(client, body), 400)["metadata"] == {"field": field}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"[" * 60_000, b"\xff", b"code=x"])
def test_what_is_no_object_is_refused(client, raw):
    error_of(post(client, raw), 400)


def test_body_has_a_size(client):
    error_of(post(client, b'{"code": "' + b"x" * 70_000 + b'"}'), 413)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_exchanges(client, method):
    answer = client.generic(method, EXCHANGE)
    error_of(answer, 405)
    assert answer["Allow"] == "POST, OPTIONS"


def test_page_of_another_site_may_ask(client):
    answer = client.options(EXCHANGE, headers={"Origin": "https://app.example"})
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "code", ["nonsense", "auth_code_" + "A" * 43, "\x00", "' OR 1=1--", "\ud800"]
)
def test_code_that_never_was(client, alice, code):
    code_for(alice)
    message = refusal(exchanged(client, code), "unknown_code")
    assert message.startswith("Invalid code or code_verifier")


def test_code_of_somebody_who_left(client, alice):
    code = code_for(alice)
    User.objects.update(is_active=False)
    refusal(exchanged(client, code), "unknown_code")


def test_code_is_good_for_ten_minutes(client, alice):
    code = code_for(alice)
    aged(601)
    message = refusal(exchanged(client, code), "expired_code")
    assert message.startswith("Authorization code expired")
    aged(590)
    assert exchanged(client, code).status_code == 200


def test_missing_verifier_is_said(client, alice):
    refusal(post(client, {"code": code_for(alice)}), "missing_verifier")
    assert ApiKey.objects.count() == 0


def test_verifier_where_no_challenge_was(client, alice):
    """The challenge was taken out on the way: a downgrade (RFC 9700, 4.8)."""
    refusal(exchanged(client, code_for(alice, None, None)), "unexpected_verifier")
    assert ApiKey.objects.count() == 0


def test_wrong_verifier_may_be_mended_until_the_fifth(client, alice):
    code = code_for(alice)
    for left in (4, 3, 2, 1):
        message = refusal(exchanged(client, code, "wrong"), "wrong_verifier")
        assert f"Tries left: {left}." in message
    assert exchanged(client, code).status_code == 200


def test_fifth_wrong_verifier_burns_the_code(client, alice):
    code = code_for(alice)
    for _ in range(5):
        refusal(exchanged(client, code, "wrong"), "wrong_verifier")
    refusal(exchanged(client, code), "burnt_code")
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    ("asked", "sent"), [("S256", "plain"), ("plain", "S256"), (None, "S256"), (None, "plain")]
)
def test_other_method_than_before(client, alice, asked, sent):
    code = code_for(alice, asked and CHALLENGE, asked)
    verifier = {"S256": VERIFIER, "plain": CHALLENGE, None: ""}[asked]
    error = error_of(exchanged(client, code, verifier, code_challenge_method=sent), 400)
    assert error["message"].startswith("Invalid code_challenge_method")
    assert error["metadata"] == {"field": "code_challenge_method"}
    assert exchanged(client, code, verifier).status_code == 200


# --- Used twice ---------------------------------------------------------------------------------


def test_page_that_does_everything_twice_keeps_its_key(client, alice):
    code = code_for(alice)
    key = exchanged(client, code).json()["key"]
    message = refusal(exchanged(client, code), "used_code")
    assert "disabled" not in message
    assert works(client, key) == 200


def test_later_repetition_ends_the_key(client, alice):
    code = code_for(alice)
    key = exchanged(client, code).json()["key"]
    assert works(client, key) == 200
    aged(pkce.GRACE_S + 1, used_at=...)
    assert "is disabled now" in refusal(exchanged(client, code), "used_code")
    assert works(client, key) == 401
    (change,) = KeyChange.objects.filter(actor="oauth")
    assert change.what == {"disabled": [False, True]}


def test_code_without_a_challenge_ends_its_key_at_once(client, alice):
    """Nobody can tell the app from who else has the code."""
    code = code_for(alice, None, None)
    key = post(client, {"code": code}).json()["key"]
    assert "is disabled now" in refusal(post(client, {"code": code}), "used_code")
    assert works(client, key) == 401


@pytest.mark.parametrize("verifier", ["wrong", ""])
def test_thief_without_the_verifier_ends_nothing(client, alice, verifier):
    code = code_for(alice)
    key = exchanged(client, code).json()["key"]
    aged(3600, used_at=...)
    refusal(exchanged(client, code, verifier), "used_code")
    assert works(client, key) == 200


def test_old_code_still_ends_its_key(client, alice):
    code = code_for(alice)
    key = exchanged(client, code).json()["key"]
    aged(86_400, used_at=...)
    aged(86_400)
    refusal(exchanged(client, code), "used_code")
    assert works(client, key) == 401


# --- Keys of an app -----------------------------------------------------------------------------


def test_new_key_replaces_the_old_ones_when_the_user_said_so(client, alice):
    bob = person("bob")
    old = [exchanged(client, code_for(alice)).json()["key"] for _ in range(2)]
    others = exchanged(client, code_for(bob)).json()["key"]
    elsewhere = exchanged(client, code_for(alice, origin="https://b.example")).json()["key"]
    own = key_of(alice)[1]
    code = code_for(alice, replaces=True, limit_nano=1)
    assert [works(client, key) for key in old] == [200, 200]
    new = exchanged(client, code).json()["key"]
    assert [works(client, key) for key in old] == [401, 401]
    assert [works(client, key) for key in (new, others, elsewhere, own)] == [200] * 4


def test_revoked_key_is_refused_at_once(client, alice):
    key = exchanged(client, code_for(alice)).json()["key"]
    assert works(client, key) == 200
    assert app_keys.revoke(person("bob").pk, ORIGIN, actor="bob@example.com") == 0
    assert works(client, key) == 200
    assert app_keys.revoke(alice.pk, ORIGIN, actor="alice@example.com") == 1
    assert works(client, key) == 401
    assert app_keys.revoke(alice.pk, ORIGIN, actor="alice@example.com") == 0
    assert not app_keys.of_app(alice.pk, ORIGIN).exists()


def test_user_with_too_many_keys_keeps_the_code(client, alice):
    rows = (ApiKey(user=alice, digest=f"{number:064x}") for number in range(KEYS_MAX))
    ApiKey.objects.bulk_create(rows)
    code = code_for(alice)
    error_of(exchanged(client, code), 409)
    ApiKey.objects.first().delete()
    assert exchanged(client, code).status_code == 200


def test_address_has_a_rate_and_a_spoofed_one_does_not_help(client, settings):
    settings.RATE_LIMIT_SURGE = 3
    answers = [
        client.generic("POST", EXCHANGE, "{}", headers={"X-Forwarded-For": f"192.0.2.{number}"})
        for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    elsewhere = client.generic("POST", EXCHANGE, "{}", REMOTE_ADDR="192.0.2.1")
    assert elsewhere.status_code == 400
