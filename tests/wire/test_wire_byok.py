"""A user's own provider keys: whose account is asked, what it costs, and that nobody sees them.

OpenAI's own address takes one key only, the user's. Ours is played by the stand-in, another
simulator, so its log tells who was asked in whose name.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from gateway_process import Gateway, unique, wait_until
from simulator_process import running
from wire_client import TURBO, bearer, chat, endpoints_of, get, only, request, stream, user
from wire_records import LLAMA, charged, settled, turbo_cost

pytestmark = pytest.mark.database

GOOD, BAD = "sk-own-good-0123456789abWXYZ", "sk-own-bad-fedcba9876543210"
OPENAI = {"provider": only("OpenAI")}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """The providers at their own addresses: OpenAI takes GOOD alone."""
    log_path = tmp_path_factory.mktemp("own") / "log.jsonl"
    with running(log_path, SIMULATOR_KEYS=f"openai={GOOD}") as simulator:
        yield simulator


@pytest.fixture
def make(template, fast_simulator, strict, tmp_path_factory, gateways):
    def make(**environment):
        folder = tmp_path_factory.mktemp("byok")
        made = Gateway(template, fast_simulator, folder, CREDENTIALS_KEY="c" * 40, **environment)
        gateways.append(made)
        made.provider_is_at(strict, "openai", "/openai/v1")
        return made.start()

    return make


@pytest.fixture(scope="module")
def plain(template, fast_simulator, strict, tmp_path_factory, gateways):
    """One gateway for what needs no other: no fee, OpenAI played by the stand-in."""
    folder = tmp_path_factory.mktemp("byok")
    made = Gateway(template, fast_simulator, folder, CREDENTIALS_KEY="c" * 40)
    gateways.append(made)
    made.provider_is_at(strict, "openai", "/openai/v1")
    made.provider_is_at(strict, "modal", "/modal")
    return made.start()


def person(gateway, credits="5", **more):
    """(a key, a management key) of a new account."""
    email = f"{unique('alice')}@example.com"
    caller = gateway.caller(email=email, credits=credits, **more)
    manager = gateway.caller(email=email, **more | {"credits": "0"})
    gateway.sql("UPDATE accounts_apikey SET is_management = %s WHERE id = %s", True, manager.key_id)
    return caller, manager


def byok(gateway, caller, method="GET", body=None, id=""):
    path = f"/api/v1/byok/{id}" if id else "/api/v1/byok"
    return request(gateway, method, path, body, bearer(caller))


def add(gateway, manager, key=GOOD, **fields):
    answer = byok(gateway, manager, "POST", {"provider": "openai", "key": key, **fields})
    assert answer.status == 201, answer.body
    return answer.json["data"]


def ask(gateway, caller, text="hi", send=chat, **body):
    return send(gateway, caller, f"{unique()} [[say: {text}]]", TURBO, **{**OPENAI, **body})


def tried(gateway, answer):
    attempts = json.loads(settled(gateway, answer.id)["attempts"])
    return [(each["status"], each.get("is_byok", False)) for each in attempts]


def nano(dollars):
    return round(dollars * 10**9)


# --- Used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("send", [chat, stream])
def test_the_own_key_is_used_and_what_it_costs_is_shown_apart(plain, strict, send):
    alice, manager = person(plain)
    added = add(plain, manager, name="my own")
    assert added["label"] == "...WXYZ" and added["last_test_result"].startswith("OK")
    answer = ask(plain, alice, "mine", send)
    assert answer.status == 200 and answer.text == "mine"
    usage = answer.usage if send is stream else answer.json["usage"]
    row = settled(plain, answer.id)
    upstream_nano = turbo_cost(row)
    assert usage["is_byok"] is True and usage["cost"] == 0
    assert nano(usage["cost_details"]["upstream_inference_cost"]) == upstream_nano > 0
    assert row["is_byok"] and row["cost_nano"] == 0 == charged(plain, answer.id)
    assert row["upstream_cost_nano"] == upstream_nano
    shown = get(plain, alice, f"/generation?id={answer.id}")
    assert shown["is_byok"] is True and shown["total_cost"] == 0
    assert nano(shown["upstream_inference_cost"]) == upstream_nano
    assert shown["provider_responses"][0]["is_byok"] is True
    key = get(plain, alice, "/key")
    for name in ("byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"):
        assert nano(key[name]) == upstream_nano
    assert key["usage"] == key["usage_daily"] == 0


def test_whose_account_is_asked(plain, strict):
    """Hers at the provider's own address; everybody else's requests go where ours go."""
    alice, manager = person(plain)
    bob, _ = person(plain)
    add(plain, manager)
    hers, his = unique("hers"), unique("his")
    assert chat(plain, alice, hers, TURBO, **OPENAI).status == 200
    answer = chat(plain, bob, his, TURBO, **OPENAI)
    assert answer.status == 200 and answer.json["usage"]["is_byok"] is False
    logged = json.dumps(strict.control("GET", "/_log")["data"])
    assert hers in logged and his not in logged
    assert plain.upstream(hers) == [] and len(plain.upstream(his)) == 1


def test_it_comes_first_and_the_plan_says_so(plain):
    alice, manager = person(plain, ignored=())
    assert len(endpoints_of(plain, alice, TURBO)) > 1
    add(plain, manager, name="mine")
    body = {"model": TURBO, "messages": user("Tell me of Rome"), "provider": {"sort": "price"}}
    answer = request(plain, "POST", "/api/v1/route", body, bearer(alice))
    (route,) = answer.json["data"]["routes"]
    first, second = route["endpoints"][:2]
    assert (first["provider"], first["own_key"], first["odds"]) == ("OpenAI", True, 1)
    assert (second["provider"], second["own_key"]) == ("OpenAI", False)
    assert first["worst_cost"] == 0 < second["worst_cost"] == route["worst_cost"]
    told = bearer(alice, **{"X-OpenRouter-Metadata": "enabled"})
    answer = request(plain, "POST", "/api/v1/chat/completions", body, told)
    metadata = answer.json["openrouter_metadata"]
    assert metadata["is_byok"] is True
    assert metadata["attempts"][0] | {"ms": 0} == {
        "model": TURBO, "provider": "OpenAI", "status": 200, "ms": 0,
        "credential": "mine", "is_byok": True,
    }  # fmt: skip
    selected = [each for each in metadata["endpoints"]["available"] if each["selected"]]
    assert [(each["provider"], each["is_byok"]) for each in selected] == [("OpenAI", True)]


def test_a_provider_we_do_not_serve_is_there_for_whoever_has_a_key(make):
    gateway = make(UNCONFIGURED_PROVIDER_URL="")
    alice, manager = person(gateway)
    bob, _ = person(gateway)
    assert ask(gateway, alice).status == 503
    add(gateway, manager)
    assert ask(gateway, alice, "at last").text == "at last"
    assert ask(gateway, bob).status == 503
    assert byok(gateway, manager).json["data"][0]["is_byok_only"] is True


# --- Failing -------------------------------------------------------------------------------------


def test_a_wrong_key_is_refused_before_it_is_saved(plain):
    _, manager = person(plain)
    body = {"provider": "OpenAI", "key": BAD}
    refused = byok(plain, manager, "POST", body)
    metadata = refused.error["metadata"]
    assert refused.status == 400 and metadata["field"] == "key"
    assert metadata["reason"].startswith("401") and metadata["raw"]
    assert BAD not in refused.body.decode()
    assert byok(plain, manager).json == {"data": [], "total_count": 0}
    kept = byok(plain, manager, "POST", body | {"test": False})
    assert kept.status == 201 and kept.json["data"]["last_test_result"] is None


def test_a_refused_key_gives_way_to_ours_and_harms_nobody(plain):
    alice, manager = person(plain)
    add(plain, manager, BAD, test=False)
    answer = ask(plain, alice, "ours")
    assert answer.status == 200 and answer.json["usage"]["is_byok"] is False
    assert tried(plain, answer) == [(401, True), (200, False)]
    assert charged(plain, answer.id) == turbo_cost(settled(plain, answer.id)) > 0
    # For a while it is not even asked; and neither the endpoint nor the operator is in trouble.
    assert tried(plain, ask(plain, alice)) == [(200, False)]
    bob, _ = person(plain)
    assert endpoints_of(plain, bob, TURBO)["OpenAI"]["stable"]
    assert "refuses our credential" not in plain.log()
    # Another secret is another key.
    id = byok(plain, manager).json["data"][0]["id"]
    assert byok(plain, manager, "PATCH", {"key": GOOD}, id).status == 200
    assert tried(plain, ask(plain, alice)) == [(200, True)]


def test_never_fall_back_means_never(plain):
    alice, manager = person(plain)
    added = add(plain, manager, BAD, test=False, never_fall_back=True, name="worn out")
    marker = unique()
    answer = chat(plain, alice, marker, TURBO, **OPENAI)
    metadata = answer.error["metadata"]
    assert answer.status == 502
    (refused,) = metadata["own_keys_refused"]
    assert refused["provider_name"] == "OpenAI" and "API key" in refused["raw"]
    assert metadata["attempts"][0]["credential"] == "worn out"
    assert metadata["attempts"][0]["is_byok"] is True and len(metadata["attempts"]) == 1
    assert "/api/v1/byok" in metadata["remedy_hint"]
    assert plain.upstream(marker) == [] and charged(plain, answer.id) == 0
    assert BAD not in answer.body.decode()
    # Of other providers nothing was said.
    answer = chat(plain, alice, unique(), TURBO, models=[LLAMA])
    assert answer.status == 200 and answer.json["model"] == LLAMA
    assert charged(plain, answer.id) > 0
    assert byok(plain, manager, "PATCH", {"never_fall_back": False}, added["id"]).status == 200
    assert ask(plain, alice).status == 200


def test_after_ours_means_that_ours_is_tried_first(make):
    gateway = make(OPENAI_API_KEY=BAD)
    alice, manager = person(gateway)
    add(gateway, manager, position="after")
    answer = ask(gateway, alice, "in the end")
    assert answer.status == 200 and answer.text == "in the end"
    assert tried(gateway, answer) == [(401, False), (200, True)]
    assert charged(gateway, answer.id) == 0
    log = gateway.log()
    assert "refuses our credential" in log and BAD not in log


def test_several_keys_are_tried_in_their_order(plain):
    alice, manager = person(plain)
    add(plain, manager, BAD, test=False, name="second", sort_order=2)
    add(plain, manager, GOOD, name="third", sort_order=3)
    add(plain, manager, BAD, test=False, name="first", sort_order=1)
    answer = ask(plain, alice)
    attempts = json.loads(settled(plain, answer.id)["attempts"])
    assert [each["credential"] for each in attempts] == ["first", "second", "third"]
    assert answer.json["usage"]["is_byok"] is True


def test_our_credential_makes_no_objects_for_whoever_forbids_it(plain):
    alice, manager = person(plain)
    body = {"model": "openai/shap-e", "prompt": "a chair", "num_inference_steps": 32}
    path = "/api/v1/objects/generations"
    assert request(plain, "POST", path, body, bearer(alice)).status == 200
    add(plain, manager, provider="modal", never_fall_back=True, test=False)
    answer = request(plain, "POST", path, body, bearer(alice))
    assert answer.status == 503 and "own keys only" in answer.error["message"]


# --- Money ---------------------------------------------------------------------------------------


def test_the_fee_is_exact(make):
    gateway = make(BYOK_FEE_PERCENT="2.5")
    alice, manager = person(gateway)
    add(gateway, manager)
    for text in ("a", "a longer answer than the other one", "x" * 999):
        answer = ask(gateway, alice, text)
        row = settled(gateway, answer.id)
        upstream_nano = turbo_cost(row)
        fee_nano = (upstream_nano * 250 + 5000) // 10_000
        assert row["upstream_cost_nano"] == upstream_nano
        assert charged(gateway, answer.id) == row["cost_nano"] == fee_nano > 0
        usage = answer.json["usage"]
        assert nano(usage["cost"]) == fee_nano
        assert nano(usage["cost_details"]["upstream_inference_cost"]) == upstream_nano
    key = get(gateway, alice, "/key")
    assert 0 < key["usage"] < key["byok_usage"]
    assert gateway.open_holds() == []


def test_only_the_fee_is_held_when_ours_is_never_used(make):
    """A hundred tokens cost at most $0.0002 here; of that the fee is a hundredth."""
    gateway = make(BYOK_FEE_PERCENT="1")
    alice, manager = person(gateway, credits="0.000005")
    added = add(gateway, manager)
    poor = ask(gateway, alice, max_tokens=100)
    assert poor.status == 402 and "never_fall_back" in poor.error["metadata"]["remedy_hint"]
    byok(gateway, manager, "PATCH", {"never_fall_back": True}, added["id"])
    answer = ask(gateway, alice, max_tokens=100)
    assert answer.status == 200 and answer.json["usage"]["cost"] > 0
    assert ask(gateway, alice, max_tokens=4000).status == 402


def test_without_a_fee_no_credits_are_needed_but_debts_are_paid_first(plain):
    alice, manager = person(plain, credits="0")
    add(plain, manager, never_fall_back=True)
    assert ask(plain, alice).status == 200
    bob, manager = person(plain, credits="0", debt="1")
    add(plain, manager, never_fall_back=True)
    assert ask(plain, bob).status == 402


def test_a_fallback_to_what_costs_is_paid(plain):
    """Nothing was held for the first model, which the own key serves alone."""
    alice, manager = person(plain)
    add(plain, manager, BAD, test=False, never_fall_back=True)
    text = f"{unique()} [[say: from the other]]"
    answer = chat(plain, alice, text, TURBO, models=[LLAMA])
    assert answer.status == 200 and answer.text == "from the other"
    row = settled(plain, answer.id)
    assert not row["is_byok"] and charged(plain, answer.id) == row["cost_nano"] > 0
    poor, manager = person(plain, credits="0")
    add(plain, manager, BAD, test=False, never_fall_back=True)
    answer = chat(plain, poor, unique(), TURBO, models=[LLAMA])
    assert answer.status == 502 and "own_keys_refused" in answer.error["metadata"]


# --- Changing ------------------------------------------------------------------------------------


def test_a_key_that_is_deleted_or_disabled_is_not_used_any_more(plain):
    alice, manager = person(plain)
    added = add(plain, manager)
    assert ask(plain, alice).json["usage"]["is_byok"] is True
    byok(plain, manager, "PATCH", {"disabled": True}, added["id"])
    assert ask(plain, alice).json["usage"]["is_byok"] is False
    byok(plain, manager, "PATCH", {"disabled": False}, added["id"])
    assert ask(plain, alice).json["usage"]["is_byok"] is True
    assert byok(plain, manager, "DELETE", id=added["id"]).json == {"deleted": True}
    assert ask(plain, alice).json["usage"]["is_byok"] is False
    assert byok(plain, manager, id=added["id"]).status == 404


def test_other_processes_learn_of_it_within_seconds(plain):
    alice, manager = person(plain)
    added = add(plain, manager)
    assert ask(plain, alice).json["usage"]["is_byok"] is True
    plain.sql("DELETE FROM accounts_providerkey WHERE id = %s", int(added["id"]))
    wait_until(lambda: not ask(plain, alice).json["usage"]["is_byok"], "the key to be gone")


def test_only_a_management_key_changes_them_and_only_its_users(plain):
    alice, manager = person(plain)
    _, mallory = person(plain)
    added = add(plain, manager)
    body = {"provider": "openai", "key": GOOD}
    assert byok(plain, alice, "POST", body).status == 403
    assert byok(plain, alice, "PATCH", {"disabled": True}, added["id"]).status == 403
    assert byok(plain, alice, "DELETE", id=added["id"]).status == 403
    assert byok(plain, alice, id=added["id"]).json["data"]["label"] == "...WXYZ"
    for method in ("GET", "PATCH", "DELETE"):
        foreign = byok(plain, mallory, method, {}, id=added["id"])
        unknown = byok(plain, mallory, method, {}, id="999999")
        assert foreign.status == unknown.status == 404 and foreign.body == unknown.body
    assert byok(plain, mallory).json["data"] == []


def test_a_body_is_read_as_json_whatever_it_is_said_to_be(plain):
    """As curl sends it with -d."""
    _, manager = person(plain)
    headers = bearer(manager, **{"Content-Type": "application/x-www-form-urlencoded"})
    body = {"provider": "openai", "key": GOOD}
    assert request(plain, "POST", "/api/v1/byok", body, headers).status == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "provider"),
        ({"provider": "openai"}, "key"),
        ({"provider": "openai", "key": 7}, "key"),
        ({"provider": "openai", "key": "with a space"}, "key"),
        ({"provider": "openai", "key": "sk-\0\n"}, "key"),
        ({"provider": "nobody", "key": GOOD}, "provider"),
        ({"provider": "a\0b", "key": GOOD}, "provider"),
        ({"provider": "openai", "key": GOOD, "name": f"my {GOOD}"}, "key"),
        ({"provider": "openai", "key": GOOD, "name": "a\0b", "test": False}, "name"),
        ({"provider": "openai", "key": GOOD, "name": "n" * 65, "test": False}, "name"),
        ({"provider": "openai", "key": GOOD, "position": ["before"]}, "position"),
        ({"provider": "openai", "key": GOOD, "sort_order": 2**40}, "sort_order"),
        ({"provider": "openai", "key": GOOD, "sort_order": True}, "sort_order"),
        ({"provider": "openai", "key": GOOD, "never_fall_back": "yes"}, "never_fall_back"),
        ({"provider": "openai", "key": GOOD, "allowed_models": ["x/y"]}, "allowed_models"),
        ({"provider": "openai", "key": GOOD, "colour": "red"}, "colour"),
        ([], None),
        (b"{", None),
        (b"[" * 50_000, None),
        (b"\xff", None),
    ],
)
def test_what_is_wrong_with_a_request_is_said(plain, body, field):
    _, manager = person(plain)
    answer = byok(plain, manager, "POST", body)
    assert answer.status == 400
    assert answer.error.get("metadata", {}).get("field") == field
    assert GOOD not in answer.body.decode()
    assert byok(plain, manager).json["data"] == []


def test_a_body_that_is_too_large_and_a_key_that_moves_are_refused(plain):
    _, manager = person(plain)
    assert byok(plain, manager, "POST", {"key": "x" * 70_000}).status == 413
    added = add(plain, manager)
    moved = byok(plain, manager, "PATCH", {"provider": "mistral"}, added["id"])
    assert moved.status == 400
    for id in ("0", "9" * 30, "%C2%B2", "x"):
        assert byok(plain, manager, id=id).status == 404
    assert request(plain, "PUT", "/api/v1/byok", {}, bearer(manager)).status == 405
    assert request(plain, "GET", "/api/v1/byok").status == 401


def test_no_secret_is_seen_anywhere(make):
    gateway = make()
    alice, manager = person(gateway)
    added = [add(gateway, manager), add(gateway, manager, BAD, test=False, never_fall_back=True)]
    told = bearer(alice, **{"X-OpenRouter-Metadata": "enabled"})
    body = {"model": TURBO, "messages": user(f"{unique()} [[say: hi]]"), **OPENAI}
    answer = request(gateway, "POST", "/api/v1/chat/completions", body, told)
    assert answer.status == 200
    byok(gateway, manager, "DELETE", id=added[0]["id"])
    failed = request(gateway, "POST", "/api/v1/chat/completions", body, told)
    assert failed.status == 502
    broken = byok(gateway, manager, "POST", {"provider": "openai", "key": BAD})
    listed = [byok(gateway, manager), byok(gateway, manager, id=added[1]["id"])]
    settled(gateway, answer.id)
    shown = get(gateway, alice, f"/generation?id={answer.id}")
    gateway.stop()
    seen = [
        answer.body, failed.body, broken.body, *(each.body for each in listed),
        repr(shown).encode(), repr(added).encode(), gateway.log().encode(),
        repr(gateway.sql("SELECT * FROM accounts_providerkey")).encode(),
        repr(gateway.sql("SELECT * FROM billing_generation")).encode(),
        repr(gateway.sql("SELECT * FROM billing_hold")).encode(),
    ]  # fmt: skip
    if gateway.database_url.startswith("sqlite"):
        file = gateway.database_url.removeprefix("sqlite:///")
        seen += [
            Path(file + end).read_bytes() for end in ("", "-wal") if os.path.exists(file + end)
        ]
    for secret in (GOOD, BAD):
        assert all(secret.encode() not in each for each in seen)
        assert all(secret[7:20].encode() not in each for each in seen)
