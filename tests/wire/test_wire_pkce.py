"""OAuth PKCE on the wire: one code makes one key, whoever hurries, and nothing of it is logged."""

from __future__ import annotations

import base64
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway_process import Caller
from wire_client import bearer, chat, get, request

pytestmark = pytest.mark.database
EXCHANGE = "/api/v1/auth/keys"
CODES = "/api/v1/auth/keys/code"
AIDER = "http://localhost:8484/callback/aider"


def pair():
    """(verifier, challenge) as aider makes them: S256, base64url, no padding."""
    verifier = secrets.token_urlsafe(64)[:128]
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).decode().rstrip("=")


def code_for(gateway, caller, challenge=None, method="S256", callback_url=AIDER, **fields):
    if challenge:
        fields |= {"code_challenge": challenge, "code_challenge_method": method}
    body = {"callback_url": callback_url, **fields}
    answer = request(gateway, "POST", CODES, body, bearer(caller))
    assert answer.status == 200, answer.body
    return answer.json["data"]["id"]


def exchange(gateway, code, verifier=None, **fields):
    body = {"code": code, **fields} | ({"code_verifier": verifier} if verifier else {})
    return request(gateway, "POST", EXCHANGE, body)


def keys_of(gateway, caller, origin):
    query = "SELECT id FROM accounts_apikey WHERE user_id = %s AND app_origin = %s"
    return gateway.sql(query, caller.user_id, origin)


def test_key_of_an_app_calls_models_within_its_limit(gateway, alice):
    verifier, challenge = pair()
    code = code_for(gateway, alice, challenge, limit=0.5, key_label="aider")
    answer = exchange(gateway, code, verifier, code_challenge_method="S256")
    assert answer.status == 200
    app = Caller(answer.json["key"], 0, alice.user_id)
    seen = get(gateway, app, "/auth/key")
    assert (seen["limit"], seen["usage"]) == (0.5, 0)
    assert chat(gateway, app, "[[say: hi]]").status == 200
    assert get(gateway, app, "/auth/key")["usage"] > 0
    assert get(gateway, app, "/auth/key")["limit_remaining"] < 0.5


@pytest.mark.parametrize("proof", ["S256", "plain", "none"])
def test_of_64_parallel_exchanges_one_makes_a_key(gateway, alice, proof):
    verifier, challenge = pair()
    origin = f"https://{proof.lower()}.example"
    given = {"S256": challenge, "plain": verifier, "none": None}[proof]
    code = code_for(gateway, alice, given, proof, f"{origin}/cb", limit=1)
    shown = verifier if given else None
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: exchange(gateway, code, shown), range(64)))
    assert sorted(answer.status for answer in answers) == [200] + [403] * 63
    reasons = {answer.error["metadata"]["reason"] for answer in answers if answer.status == 403}
    assert reasons == {"used_code"}
    assert len(keys_of(gateway, alice, origin)) == 1
    # Who proved himself keeps it; without a proof it may be anybody's.
    (made,) = [answer.json["key"] for answer in answers if answer.status == 200]
    asked = chat(gateway, Caller(made, 0, 0), "[[say: hi]]").status
    assert asked == (200 if given else 401)


def test_wrong_verifiers_in_parallel_burn_the_code_after_five(gateway, alice):
    verifier, challenge = pair()
    code = code_for(gateway, alice, challenge)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: exchange(gateway, code, "wrong"), range(16)))
    reasons = [answer.error["metadata"]["reason"] for answer in answers]
    assert sorted(reasons) == ["burnt_code"] * 11 + ["wrong_verifier"] * 5
    last = exchange(gateway, code, verifier)
    assert last.error["metadata"] == {"reason": "burnt_code"}


def test_each_refusal_has_its_words(gateway, alice):
    verifier, challenge = pair()
    said = {
        exchange(gateway, "auth_code_" + "A" * 43).error["message"],
        exchange(gateway, code_for(gateway, alice, challenge)).error["message"],
        exchange(gateway, code_for(gateway, alice, challenge), "wrong").error["message"],
        exchange(gateway, code_for(gateway, alice), verifier).error["message"],
    }
    code = code_for(gateway, alice, challenge)
    mismatch = exchange(gateway, code, verifier, code_challenge_method="plain")
    assert mismatch.error["code"] == 400
    said.add(mismatch.error["message"])
    assert exchange(gateway, code, verifier).status == 200
    said.add(exchange(gateway, code, verifier).error["message"])
    late = code_for(gateway, alice, challenge)
    digest = hashlib.sha256(late.encode()).hexdigest()
    gateway.sql(
        "UPDATE accounts_authcode SET created_at = %s WHERE digest = %s",
        "2024-05-15 12:00:00+00:00", digest,
    )  # fmt: skip
    said.add(exchange(gateway, late, verifier).error["message"])
    assert len(said) == 7


def test_page_of_another_site_exchanges(gateway, alice):
    origin = {"Origin": "https://app.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    preflight = request(gateway, "OPTIONS", EXCHANGE, headers=asked)
    assert (preflight.status, preflight.body) == (204, b"")
    body = {"code": code_for(gateway, alice)}
    answer = request(gateway, "POST", EXCHANGE, body, {**origin, "Content-Type": "text/plain"})
    assert answer.status == 200
    for found in (preflight, answer):
        assert found.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in found.headers
    assert "no-store" in answer.headers["cache-control"]


def test_exchange_while_the_database_is_busy_is_tried_again_later(gateway, alice):
    """Nobody is told that his code is wrong because we cannot tell."""
    code = code_for(gateway, alice)
    with gateway.locked():
        unknown = exchange(gateway, "auth_code_" + "B" * 43)
    assert unknown.status == 403  # read, without waiting for whoever writes
    assert exchange(gateway, code).status == 200


def test_neither_code_nor_verifier_nor_key_is_logged(gateway, alice):
    verifier, challenge = pair()
    code = code_for(gateway, alice, challenge)
    wrong = f"wrong-{secrets.token_hex(8)}"
    assert exchange(gateway, code, wrong).status == 403
    key = exchange(gateway, code, verifier).json["key"]
    assert exchange(gateway, code, verifier).status == 403
    log = gateway.log()
    for secret in (code, verifier, wrong, key, challenge):
        assert secret not in log
    rows = str(gateway.sql("SELECT * FROM accounts_authcode WHERE user_id = %s", alice.user_id))
    for secret in (code, verifier, key, challenge):
        assert secret not in rows
