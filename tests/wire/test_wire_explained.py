"""Every decision explained: X-OpenRouter-Metadata, POST /api/v1/route, the record's attempts."""

from __future__ import annotations

import json

import pytest
from gateway_process import unique
from wire_client import CHAT, TURBO, bearer, chat, get, only, request, user
from wire_records import LLAMA, charged, providers_asked

pytestmark = pytest.mark.database

EXPLAIN = {"X-OpenRouter-Metadata": "enabled"}


def ask(gateway, caller, text, headers=EXPLAIN, **body):
    document = {"model": LLAMA, "messages": user(text), **body}
    return request(gateway, "POST", CHAT, document, bearer(caller, **headers))


def route(gateway, caller, text="Tell me of Rome", **body):
    document = {"model": LLAMA, "messages": user(text), **body}
    answer = request(gateway, "POST", "/api/v1/route", document, bearer(caller))
    return answer


TWO = "{marker} [[simulate status=503 provider=together]] [[say: Roma]]"


def check_two(metadata, marker):
    assert metadata["requested"] == LLAMA
    assert metadata["strategy"] == "direct"
    assert metadata["attempt"] == 2 and metadata["is_byok"] is False
    assert [(each["provider"], each["status"]) for each in metadata["attempts"]] == [
        ("Together", 503), ("Fireworks", 200),
    ]  # fmt: skip
    assert all(each["ms"] >= 0 for each in metadata["attempts"])
    endpoints = metadata["endpoints"]
    assert [(each["provider"], each["selected"]) for each in endpoints["available"]] == [
        ("Together", False), ("Fireworks", True),
    ]  # fmt: skip
    reasons = {each["reason"] for each in endpoints["dropped"]}
    assert "provider.order" in reasons
    assert endpoints["total"] == 2 + len(endpoints["dropped"])


def test_a_whole_answer_tells_where_it_came_from(gateway, alice):
    marker = unique()
    answer = ask(gateway, alice, TWO.format(marker=marker), provider=only("Together", "Fireworks"))
    check_two(answer.json["openrouter_metadata"], marker)


def test_a_stream_tells_it_in_its_last_event(gateway, alice):
    marker = unique()
    answer = ask(
        gateway, alice, TWO.format(marker=marker), stream=True,
        provider=only("Together", "Fireworks"),
    )  # fmt: skip
    frames = answer.body.decode().split("\n\n")
    events = [json.loads(f.removeprefix("data: ")) for f in frames if f.startswith("data: {")]
    assert all("openrouter_metadata" not in event for event in events[:-1])
    check_two(events[-1]["openrouter_metadata"], marker)


def test_nobody_is_told_who_did_not_ask(gateway, alice):
    assert "openrouter_metadata" not in chat(gateway, alice, unique(), LLAMA).json
    for value in ("disabled", "1", ""):
        headers = {"X-OpenRouter-Metadata": value}
        assert "openrouter_metadata" not in ask(gateway, alice, unique(), headers).json


def test_the_older_name_of_the_header_works(gateway, alice):
    headers = {"X-OpenRouter-Experimental-Metadata": "Enabled"}
    assert ask(gateway, alice, unique(), headers).json["openrouter_metadata"]["attempt"] == 1


def test_an_error_tells_it_beside_the_error(gateway, alice):
    text = f"{unique()} [[simulate status=500]]"
    answer = ask(gateway, alice, text, provider=only("Together", "Fireworks"))
    assert answer.status == 502
    assert set(answer.json) == {"error", "openrouter_metadata"}
    metadata = answer.json["openrouter_metadata"]
    assert [each["status"] for each in metadata["attempts"]] == [500, 500]
    assert not any(each["selected"] for each in metadata["endpoints"]["available"])


def test_a_request_nobody_can_serve_tells_why(gateway, alice):
    answer = ask(gateway, alice, unique(), provider={"only": ["OpenAI"]})
    assert answer.status == 503
    endpoints = answer.json["openrouter_metadata"]["endpoints"]
    assert endpoints["available"] == []
    assert {each["reason"] for each in endpoints["dropped"]} >= {"provider.only"}


def test_a_plan_costs_nothing_and_asks_nobody(gateway):
    bob = gateway.caller(credits="1")
    marker = unique()
    answer = route(gateway, bob, marker, max_tokens=100, temperature=0.5, provider={
        "ignore": ["Together"]})  # fmt: skip
    assert answer.status == 200, answer.body
    plan = answer.json["data"]
    assert plan["requested_models"] == [LLAMA] and plan["max_tokens"] == 100
    (first,) = plan["routes"]
    assert sum(each["odds"] for each in first["endpoints"]) == pytest.approx(1, abs=0.01)
    assert all(each["worst_cost"] >= each["estimated_cost"] >= 0 for each in first["endpoints"])
    assert plan["worst_cost"] == max(each["worst_cost"] for each in first["endpoints"]) > 0
    assert {"model": LLAMA, "provider": "Together", "reason": "provider.ignore"} in plan["dropped"]
    assert gateway.upstream(marker) == []
    assert (
        gateway.sql("SELECT id FROM billing_hold WHERE account_id = %s", f"user:{bob.user_id}")
        == []
    )
    assert get(gateway, bob, "/credits")["total_usage"] == 0


def test_a_plan_is_what_happens(gateway, alice):
    """With an order there is no drawing: the plan's endpoints are asked one after the other."""
    provider = only("Fireworks", "Together")
    plan = route(gateway, alice, provider=provider).json["data"]
    planned = [each["provider"].lower() for each in plan["routes"][0]["endpoints"]]
    marker = unique()
    answer = chat(gateway, alice, f"{marker} [[simulate status=500]]", LLAMA, provider=provider)
    assert answer.status == 502
    assert providers_asked(gateway, marker) == planned == ["fireworks", "together"]


def test_the_worst_cost_of_the_plan_is_never_exceeded(gateway, alice):
    text = f"{unique()} [[simulate tokens=40]]"
    plan = route(gateway, alice, text, max_tokens=40).json["data"]
    answer = chat(gateway, alice, text, LLAMA, max_tokens=40)
    assert charged(gateway, answer.id) <= plan["worst_cost"] * 1e9


def test_a_plan_says_what_an_endpoint_would_not_be_sent(gateway, alice):
    plan = route(gateway, alice, model=TURBO, top_k=3, temperature=1, provider=only("OpenAI")).json[
        "data"
    ]
    assert plan["routes"][0]["endpoints"][0]["ignored_parameters"] == ["top_k"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "nobody/nothing"}, 400),
        ({"temperature": "hot"}, 400),
        ({"provider": {"only": ["OpenAI"]}}, 503),
    ],
)
def test_a_plan_has_the_errors_of_the_request(gateway, alice, body, status):
    assert route(gateway, alice, **body).error["code"] == status


def test_a_plan_needs_a_key_and_post(gateway, alice):
    document = {"model": LLAMA, "messages": user("hi")}
    assert request(gateway, "POST", "/api/v1/route", document).status == 401
    refused = request(gateway, "GET", "/api/v1/route", headers=bearer(alice))
    assert refused.status == 405 and refused.headers["allow"] == "POST, OPTIONS"
    preflight = request(gateway, "OPTIONS", "/api/v1/route")
    assert preflight.status == 204 and preflight.headers["access-control-allow-origin"] == "*"
