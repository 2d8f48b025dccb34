"""3D objects through the running product: what comes, what it costs, what is refused."""

from __future__ import annotations

import base64
import http.client
import json
import struct

import pytest
from gateway_process import unique, wait_until
from wire_client import TURBO, bearer, chat, get, request
from wire_records import charged, generation_row

pytestmark = pytest.mark.database

OBJECTS = "/api/v1/objects/generations"
CENT_NANO = 10_000_000


def make(gateway, caller, prompt="a chair", **body):
    return request(gateway, "POST", OBJECTS, {"prompt": prompt, **body}, bearer(caller))


def files(answer):
    assert answer.status == 200, answer.body
    assert set(answer.json) == {"generations"}
    for generation in answer.json["generations"]:
        assert set(generation) == {"uri"}
    return [base64.b64decode(each["uri"], validate=True) for each in answer.json["generations"]]


def counts(data):
    """(vertices, faces) of a PLY file whose length is what its header says."""
    header, _, body = data.partition(b"end_header\n")
    assert header.startswith(b"ply\nformat binary_little_endian 1.0\n")
    vertices, faces = (
        int(line.split()[2]) for line in header.splitlines() if line.startswith(b"element")
    )
    assert len(body) == vertices * struct.calcsize("<3f3B") + faces * struct.calcsize("<B3i")
    return vertices, faces


def test_the_example_of_the_documentation(gateway, alice):
    answer = make(
        gateway, alice, "a chair shaped like an avacado", num_inference_steps=32, num_outputs=1,
        extension="ply", model="openai/shap-e",
    )  # fmt: skip
    (data,) = files(answer)
    vertices, faces = counts(data)
    assert vertices > 100 and faces > 100
    assert answer.headers["access-control-allow-origin"] == "*"
    assert charged(gateway, answer.id) == CENT_NANO


def test_only_the_prompt_is_needed_and_makes_the_object(gateway, alice):
    chair, again, tree = (
        files(make(gateway, alice, text)) for text in ("a chair", "a chair", "a tree")
    )
    assert chair == again != tree


def test_several_objects_of_one_prompt_differ(gateway, alice):
    made = files(make(gateway, alice, num_outputs=4))
    assert len(set(made)) == 4


@pytest.mark.parametrize(
    ("steps", "outputs", "cost_nano"),
    [(32, 1, CENT_NANO), (64, 1, 2 * CENT_NANO), (1, 1, 312_500), (7, 3, 6_562_500)],
)
def test_the_price_is_in_proportion_and_everywhere_the_same(gateway, steps, outputs, cost_nano):
    bob = gateway.caller(credits="5")
    answer = make(gateway, bob, num_inference_steps=steps, num_outputs=outputs)
    assert len(files(answer)) == outputs
    assert charged(gateway, answer.id) == cost_nano
    found = get(gateway, bob, f"/generation?id={answer.id}")
    assert found["total_cost"] * 1e9 == pytest.approx(cost_nano, abs=1e-3)
    assert (found["model"], found["provider_name"]) == ("openai/shap-e", "Modal")
    assert (found["num_media_completion"], found["tokens_completion"]) == (outputs, 0)
    assert get(gateway, bob, "/credits")["total_usage"] * 1e9 == pytest.approx(cost_nano, abs=1e-3)
    assert gateway.open_holds(bob) == []


def test_what_the_provider_is_sent(gateway, alice):
    marker = unique()
    files(make(gateway, alice, f"a chair {marker}", num_outputs=2, api_key="sk-mine"))
    (record,) = gateway.upstream(marker)
    assert record["body"] == {
        "prompt": f"a chair {marker}",
        "num_inference_steps": 32,
        "num_outputs": 2,
        "extension": "ply",
    }
    assert record["provider"] == "modal"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": "x" * 1001}, "prompt"),
        ({"prompt": ["a chair"]}, "prompt"),
        ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"num_inference_steps": 129}, "num_inference_steps"),
        ({"num_inference_steps": 32.5}, "num_inference_steps"),
        ({"num_outputs": 5}, "num_outputs"),
        ({"num_outputs": True}, "num_outputs"),
        ({"extension": "obj"}, "extension"),
        ({"model": "nobody/nothing"}, "model"),
        ({"model": TURBO}, "model"),
    ],
)
def test_what_it_refuses_by_name(gateway, alice, canary, change, field):
    answer = make(gateway, alice, **{"prompt": canary, **change})
    assert answer.status == 400
    assert answer.error["metadata"]["field"] == field


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_request(gateway, alice, body):
    answer = request(gateway, "POST", OBJECTS, body, bearer(alice))
    assert answer.status == 400
    assert answer.error["metadata"]["field"] == "body"


def test_a_model_of_objects_does_not_chat(gateway, alice):
    answer = chat(gateway, alice, "a chair", "openai/shap-e")
    assert answer.status == 400
    assert OBJECTS in answer.error["message"]


def test_methods_and_credentials(gateway, alice):
    answer = request(gateway, "GET", OBJECTS, headers=bearer(alice))
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert answer.error
    assert request(gateway, "OPTIONS", OBJECTS).status in (200, 204)
    assert request(gateway, "POST", OBJECTS, {"prompt": "a chair"}).error["code"] == 401


def test_who_has_too_little_is_told_the_price(gateway, canary):
    charlie = gateway.caller(credits="0.015")
    answer = make(gateway, charlie, canary, num_outputs=2)
    assert answer.status == 402
    assert "$0.02" in answer.error["message"] and "$0.015" in answer.error["message"]
    broke = gateway.caller(credits="0")
    assert make(gateway, broke, canary).error["message"].startswith("Insufficient credits")
    limited = gateway.caller(credits="5", limit="0.005")
    assert (
        make(gateway, limited, canary).error["metadata"]["limit_source"] == "openrouter_key_limit"
    )


@pytest.mark.parametrize(
    ("directive", "status"),
    [
        ("status=500", 502),
        ("status=401", 502),
        ("status=429", 429),
        ("html", 502),
        ("badjson", 502),
    ],
)
def test_a_provider_that_fails_costs_nothing(gateway, directive, status):
    bob = gateway.caller(credits="1")
    answer = make(gateway, bob, f"a chair [[simulate {directive}]]")
    assert answer.status == status
    assert answer.error["metadata"]["provider_name"] == "Modal"
    assert get(gateway, bob, "/credits")["total_usage"] == 0
    assert gateway.open_holds(bob) == []
    row = generation_row(gateway, answer.id)
    assert (row["cost_nano"], row["finish_reason"]) == (0, "error")


def test_who_leaves_pays_for_what_is_made(gateway):
    bob = gateway.caller(credits="1")
    marker = unique()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    body = json.dumps({"prompt": f"a chair {marker} [[simulate gate={marker}]]"})
    connection.request("POST", OBJECTS, body, bearer(bob))
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    assert get(gateway, bob, "/credits")["total_usage"] == 0
    gateway.is_left_by(connection)
    gateway.open_gate(marker)
    spent = wait_until(lambda: get(gateway, bob, "/credits")["total_usage"], "the charge")
    assert spent == 0.01
    (record,) = gateway.upstream(marker)
    assert record["finished"]


@pytest.fixture(scope="module")
def two_makers(new_gateway):
    """Shap-E at two providers."""
    gateway = new_gateway()
    address = f"http://127.0.0.1:{gateway.simulator.port}/modal"
    provider = ["--name", "Modal Two", "--base-url", address, "--dialect", "openrouter-runner"]
    provider += ["--chat-path", "/completion"]
    prices = ["--prompt-price", "0", "--completion-price", "0", "--context", "1"]
    model = ["--provider", "modal-two", "--model", "openai/shap-e", "--upstream-model", "shap-e"]
    for name, arguments in (("add_provider", provider), ("add_endpoint", [*model, *prices])):
        done = gateway.desk("command", name=name, arguments=arguments)
        assert done["status"] == 0, done
    return gateway.start()


def test_another_provider_serves_when_one_fails(two_makers):
    bob = two_makers.caller(credits="1")
    two_makers.simulator.control(
        "POST", "/_faults", [{"provider": "modal", "directive": "status=500", "count": 1}]
    )
    try:
        answer = make(two_makers, bob)
        assert len(files(answer)) == 1
    finally:
        two_makers.simulator.control("DELETE", "/_faults")
    row = generation_row(two_makers, answer.id)
    assert [each["status"] for each in json.loads(row["attempts"])] == [500, 200]
    assert row["cost_nano"] == CENT_NANO
    assert charged(two_makers, answer.id) == CENT_NANO
