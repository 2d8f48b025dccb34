"""Members on the wire: their requests cost the owner, within a budget that no crowd oversteps."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from gateway_process import Caller, unique
from wire_client import bearer, chat, get, request

pytestmark = pytest.mark.database
ORGANIZATION = "/api/v1/organization"


@pytest.fixture
def owner(gateway):
    """(the caller, headers of a management key of theirs, their e-mail address)."""
    caller = gateway.caller(credits="5")
    email = gateway.sql("SELECT email FROM accounts_user WHERE id = %s", caller.user_id)[0]["email"]
    made = gateway.desk("command", name="createkey", arguments=["--email", email, "--management"])
    return caller, bearer(Caller(made["output"].strip(), 0, caller.user_id)), email


def member(gateway, owner, budget):
    """Headers of the management key of a new member."""
    arguments = ["--owner", owner[2], "--email", f"{unique('bob')}@example.com", "--budget", budget]
    made = gateway.desk("command", name="add_member", arguments=arguments)
    assert made["status"] == 0, made["output"]
    return bearer(Caller(made["output"].strip(), 0, 0))


def key_of(gateway, manager):
    answer = request(gateway, "POST", "/api/v1/keys", {"name": "wire"}, manager)
    assert answer.status == 201, answer.body
    return Caller(answer.json["key"], 0, 0)


def test_member_spends_the_owners_credits_and_sees_only_their_own(gateway, owner):
    alice, manager, _ = owner
    before = get(gateway, alice, "/credits")["total_usage"]
    bob = key_of(gateway, member(gateway, owner, "1"))
    answer = chat(gateway, bob, "[[say: hi]]")
    cost = Decimal(str(answer.json["usage"]["cost"]))
    after = get(gateway, alice, "/credits")["total_usage"]
    assert cost > 0 and Decimal(str(after)) - Decimal(str(before)) == cost
    seen = get(gateway, bob, "/key")["effective_budget"]
    assert Decimal(str(seen["spend_usd"])) == cost
    hers = chat(gateway, alice, "[[say: hi]]").json["id"]
    path = f"/api/v1/generation?id={hers}"
    assert request(gateway, "GET", path, None, bearer(bob)).status == 404
    for who in (alice, bob):
        assert get(gateway, who, f"/generation?id={answer.json['id']}")["total_cost"] > 0
    gateway.verify()


def test_crowd_with_several_keys_never_oversteps_the_budget(gateway, owner):
    manager = member(gateway, owner, "0.0005")
    callers = [key_of(gateway, manager) for _ in range(4)]
    answers = []

    def ask(caller):
        for _ in range(25):
            answers.append(chat(gateway, caller, "[[say: some words]]", max_tokens=60))

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200, 402}
    refused = next(answer for answer in answers if answer.status == 402)
    assert refused.json["error"]["metadata"]["limit_source"] == "openrouter_member_budget"
    costs = [Decimal(repr(a.json["usage"]["cost"])) for a in answers if a.status == 200]
    assert sum(costs) <= Decimal("0.0005")
    gateway.verify()


def test_removed_member_is_refused_by_the_ledger_at_once(gateway, owner):
    _, manager, _ = owner
    bob = key_of(gateway, member(gateway, owner, "1"))
    assert chat(gateway, bob, "[[say: hi]]").status == 200
    people = request(gateway, "GET", f"{ORGANIZATION}/members", None, manager).json["data"]
    path = f"{ORGANIZATION}/members/{people[-1]['id']}"
    assert request(gateway, "DELETE", path, None, manager).status == 200
    marker = unique()
    assert chat(gateway, bob, marker).status == 401
    assert gateway.upstream(marker) == []
