"""Keys on the wire: made, limited, restricted and ended by API, and met at once by requests."""

from __future__ import annotations

import csv
import io
import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gateway_process import Caller, unique, wait_until
from wire_client import TURBO, bearer, chat, get, open_stream, request
from wire_records import LLAMA, charged

pytestmark = pytest.mark.database
KEYS = "/api/v1/keys"
DISCOUNTED = "open-orca/mistral-7b-openorca"  # 10 % off at Together


@pytest.fixture
def manager(gateway):
    """(headers of a management key, a caller of the same account)."""
    owner = gateway.caller(credits="5")
    row = gateway.sql("SELECT email FROM accounts_user WHERE id = %s", owner.user_id)[0]
    made = gateway.desk(
        "command", name="createkey", arguments=["--email", row["email"], "--management"]
    )
    assert made["status"] == 0, made["output"]
    return bearer(Caller(made["output"].strip(), 0, owner.user_id))


def managed(gateway, manager, method, path="", body=None):
    answer = request(gateway, method, KEYS + path, body, manager)
    assert answer.status in (200, 201), answer.body
    return answer.json


def make(gateway, manager, **fields):
    """(caller, path of the key)."""
    made = managed(gateway, manager, "POST", body={"name": "wire", **fields})
    return Caller(made["key"], 0, 0), f"/{made['data']['hash']}"


def test_life_of_a_key(gateway, manager):
    caller, path = make(gateway, manager, limit=1)
    answer = chat(gateway, caller, "[[say: hi]]")
    assert answer.status == 200
    data = managed(gateway, manager, "GET", path)["data"]
    assert data["usage"] == data["usage_daily"] == answer.json["usage"]["cost"] > 0
    assert data["limit_remaining"] == float(1 - Decimal(str(data["usage"])))
    assert data["last_used_at"] is not None
    assert path[1:] in {each["hash"] for each in managed(gateway, manager, "GET")["data"]}
    managed(gateway, manager, "DELETE", path)
    marker = unique()
    assert chat(gateway, caller, marker).status == 401
    assert gateway.upstream(marker) == []


def test_management_key_makes_no_inference(gateway, manager):
    marker = unique()
    for path, body in (
        ("/api/v1/chat/completions", {"messages": [{"role": "user", "content": marker}]}),
        ("/api/v1/completions", {"prompt": marker}),
        ("/api/v1/objects/generations", {"prompt": marker, "model": "openai/shap-e"}),
        ("/api/v1/route", {"messages": [{"role": "user", "content": marker}]}),
    ):
        error = request(gateway, "POST", path, body, manager).error
        assert error["code"] == 403
        assert error["message"].startswith("This is a management key")
    assert gateway.upstream(marker) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [({"disabled": True}, 401), ({"expires_at": "2024-01-01T00:00:00Z"}, 401), ({"limit": 0}, 402)],
)
def test_change_is_met_by_the_very_next_request(gateway, manager, change, status):
    """The key is in the server's memory when it is changed."""
    caller, path = make(gateway, manager, limit=1)
    for _ in range(3):
        assert chat(gateway, caller, "[[say: hi]]").status == 200
        managed(gateway, manager, "PATCH", path, change)
        marker = unique()
        assert chat(gateway, caller, marker).status == status
        assert gateway.upstream(marker) == []
        managed(
            gateway, manager, "PATCH", path, {"disabled": False, "expires_at": None, "limit": 1}
        )


def test_key_that_expires_between_two_looks_is_refused_by_the_ledger(gateway):
    """Changed behind the server's back: only the ledger's own look can know."""
    alice = gateway.caller()
    assert chat(gateway, alice, "[[say: hi]]").status == 200
    moment = datetime.now(UTC) - timedelta(seconds=1)
    gateway.sql(
        "UPDATE accounts_apikey SET expires_at = %s WHERE id = %s",
        f"{moment:%Y-%m-%d %H:%M:%S.%f}" + ("" if "sqlite" in gateway.database_url else "+00"),
        alice.key_id,
    )
    marker = unique()
    answer = chat(gateway, alice, marker)
    assert answer.status == 401
    assert answer.error["message"] == "User not found."
    assert gateway.upstream(marker) == []


def test_stream_is_cut_when_its_key_is_deleted(gateway, manager):
    caller, path = make(gateway, manager)
    with open_stream(gateway, caller, "Rome [[simulate tokens=4000 tps=50]]") as answer:
        answer.until_text()
        managed(gateway, manager, "DELETE", path)
        answer.read()
    assert answer.error["code"] == 401


def test_key_uses_its_models_only(gateway, manager):
    caller, path = make(gateway, manager, allowed_models=[LLAMA])
    assert chat(gateway, caller, "[[say: hi]]", LLAMA).status == 200
    marker = unique()
    for more in (
        {"model": TURBO}, {"model": f"{TURBO}:nitro"}, {"model": TURBO, "models": ["openai/gpt-4"]},
    ):  # fmt: skip
        error = chat(gateway, caller, marker, **more).error
        assert error["code"] == 403
        assert LLAMA in error["message"] and TURBO in error["message"]
        assert error["metadata"]["allowed_models"] == [LLAMA]
    body = {"prompt": marker, "model": "openai/shap-e"}
    assert (
        request(gateway, "POST", "/api/v1/objects/generations", body, bearer(caller)).status == 403
    )
    assert gateway.upstream(marker) == []
    fallback = chat(gateway, caller, "[[say: hi]]", TURBO, models=[LLAMA])
    assert fallback.status == 200 and fallback.json["model"] == LLAMA
    managed(gateway, manager, "PATCH", path, {"allowed_models": []})
    assert chat(gateway, caller, "[[say: hi]]", TURBO).status == 200


def test_limit_lowered_while_many_ask_is_never_overstepped(gateway, manager):
    caller, path = make(gateway, manager, limit=1)
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            answers.append(chat(gateway, caller, "Rome [[simulate tokens=50]]", max_tokens=60))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answers) >= len(threads), "the first answers")
    for limit in (0.01, 0.0005, 0.02, 0.0001):
        managed(gateway, manager, "PATCH", path, {"limit": limit})
    spent = managed(gateway, manager, "PATCH", path, {"limit": 0})["data"]["usage"]
    stop.set()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} <= {200, 402, 429}
    assert chat(gateway, caller, "Rome", max_tokens=60).status == 402
    costs = [Decimal(repr(a.json["usage"]["cost"])) for a in answers if a.status == 200]
    usage = Decimal(repr(managed(gateway, manager, "GET", path)["data"]["usage"]))
    assert usage == sum(costs) >= Decimal(repr(spent)) > 0


def test_discounted_price_is_what_is_shown_and_charged(gateway):
    alice = gateway.caller()
    models = request(gateway, "GET", "/api/v1/models").json["data"]
    (shown,) = (each for each in models if each["id"] == DISCOUNTED)
    assert shown["pricing"]["discount"] == 0.1
    answer = chat(gateway, alice, "Rome [[simulate tokens=40]]", DISCOUNTED)
    usage = answer.json["usage"]
    pico = sum(
        usage[f"{part}_tokens"] * int(Decimal(shown["pricing"][part]) * 10**12)
        for part in ("prompt", "completion")
    )
    assert charged(gateway, answer.id) == (pico + 500) // 1000 > 0


def test_statement_is_streamed_and_adds_up(gateway):
    alice = gateway.caller(credits="2")
    answer = chat(gateway, alice, "[[say: hi]]")
    assert answer.status == 200
    csv_answer = request(gateway, "GET", "/api/v1/credits/statement", headers=bearer(alice))
    assert csv_answer.status == 200
    assert csv_answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert csv_answer.headers["access-control-allow-origin"] == "*"
    rows = list(csv.DictReader(io.StringIO(csv_answer.body.decode())))
    assert [row["kind"] for row in rows] == [
        "opening balance", "grant", "capture", "closing balance",
    ]  # fmt: skip
    left = Decimal(2) + Decimal(rows[2]["amount"])
    assert Decimal(rows[3]["balance"]) == Decimal(rows[2]["balance"]) == left
    credits = get(gateway, alice, "/credits")
    assert json.dumps(credits["total_usage"]) == json.dumps(answer.json["usage"]["cost"])
    bad = request(gateway, "GET", "/api/v1/credits/statement?month=1", headers=bearer(alice))
    assert bad.error["code"] == 400
