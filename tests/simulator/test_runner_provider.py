"""The open runner on Modal, for which there is no client but HTTP."""

from __future__ import annotations

import base64
import json

import pytest

MODEL = "Intel/neural-chat-7b-v3-1"


def ask(simulator, prompt="[[say: Good morning.]]", params=None, **more):
    body = {"id": "1", "prompt": prompt, "model": MODEL, "params": params or {}, **more}
    status, _, raw = simulator.request("POST", "/modal/completion", body)
    return status, raw


def test_a_whole_answer_begins_with_spaces(simulator):
    status, raw = ask(simulator)
    assert status == 200 and raw.startswith(b" ")
    answer = json.loads(raw)
    assert (answer["text"], answer["finish_reason"], answer["done"]) == (
        "Good morning.", "stop", True
    )  # fmt: skip
    assert answer["usage"]["completion_tokens"] == 3


def test_a_stream_ends_when_it_says_so(simulator):
    _, raw = ask(simulator, stream=True)
    steps = [json.loads(line[6:]) for line in raw.decode().splitlines() if line]
    assert "".join(step["text"] for step in steps) == "Good morning."
    assert [step["done"] for step in steps] == [False] * 3 + [True]
    assert [step["finish_reason"] for step in steps] == [None, None, "stop", "stop"]
    assert steps[-1]["usage"]["completion_tokens"] == 3


def test_it_writes_little_unless_it_is_told(simulator):
    answer = json.loads(ask(simulator, "Rome? [[simulate tokens=100]]")[1])
    assert (answer["finish_reason"], answer["usage"]["completion_tokens"]) == ("length", 42)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"model": "nobody"}, 400, "Unable to locate model nobody"),
        ({"params": {"temperature": -1}}, 400, "temperature must be non-negative"),
        ({"params": {"top_k": 0}}, 400, "top_k must be -1"),
        ({"params": {"min_p": 0.1}}, 422, "valid integer"),
        ({"params": {"top_k": "a"}}, 422, "valid integer"),
        ({"params": {"top_p": 1.5}}, 400, "top_p must be in"),
        ({"params": {"max_tokens": 0}}, 400, "max_tokens must be at least 1"),
        ({"params": {"stop": [1]}}, 422, "string or list"),
        ({"prompt": 1}, 422, "valid str"),
        ({"prompt": "hi [[simulate status=503]]"}, 503, "overloaded"),
    ],
)
def test_refusals_are_plain_text(simulator, change, status, words):
    found, raw = ask(simulator, **{"prompt": "hi", **change})
    assert found == status and words in raw.decode()
    assert raw.startswith(b"{") == (status == 422)


def test_a_token_is_wanted(simulator):
    assert simulator.request("POST", "/modal/completion", {}, {})[0] == 403


def test_objects_are_meshes_in_data_urls(simulator):
    body = {"prompt": "a chair", "num_outputs": 2}
    status, _, raw = simulator.request("POST", "/modal/shap-e", body)
    assert status == 200
    generations = json.loads(raw)["generations"]
    assert len(generations) == 2 and generations[0] != generations[1]
    for generation in generations:
        head, _, data = generation["uri"].partition(",")
        assert head == "data:application/x-ply;base64"
        assert base64.b64decode(data).startswith(b"ply\n")
        assert generation["url"] is None
