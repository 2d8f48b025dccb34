"""HuggingFace's inference API as its own client meets it."""

from __future__ import annotations

import json

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError, OverloadedError, ValidationError

ZEPHYR = "HuggingFaceH4/zephyr-7b-beta"


def address(simulator):
    return f"http://127.0.0.1:{simulator.port}/huggingface/models/{ZEPHYR}"


@pytest.fixture
def client(simulator):
    return InferenceClient(model=address(simulator), token="hf_test", timeout=10)


def test_a_text(client):
    assert client.text_generation("[[say: Good morning.]]") == "Good morning."


def test_a_text_with_its_details(client):
    answer = client.text_generation("[[say: Good morning.]]", details=True)
    assert answer.generated_text == "Good morning."
    assert (answer.details.finish_reason, answer.details.generated_tokens) == ("eos_token", 3)
    assert [token.text for token in answer.details.tokens] == ["Good", " morning", "."]


def test_a_stream_ends_with_a_special_token(client):
    events = list(client.text_generation("[[say: Good morning.]]", details=True, stream=True))
    assert "".join(event.token.text for event in events[:-1]) == "Good morning."
    last = events[-1]
    assert (last.token.special, last.token.text) == (True, "</s>")
    assert last.generated_text == "Good morning."
    assert (last.details.finish_reason, last.details.generated_tokens) == ("eos_token", 3)
    assert last.details.input_length > 0


def test_stops_and_limits(client):
    answer = client.text_generation(
        "[[say: one two three four]]", stop=["x", "three"], details=True, stream=True
    )
    last = list(answer)[-1]
    assert (last.generated_text, last.token.text) == ("one two three", "three")
    assert last.details.finish_reason == "stop_sequence"
    answer = client.text_generation("Rome?", max_new_tokens=3, details=True, top_n_tokens=2)
    assert (answer.details.finish_reason, answer.details.generated_tokens) == ("length", 3)
    assert [len(top) for top in answer.details.top_tokens] == [2, 2, 2]


def test_a_chat(client):
    messages = [{"role": "user", "content": "[[say: Good morning.]]"}]
    answer = client.chat_completion(messages, max_tokens=20)
    assert answer.choices[0].message.content == "Good morning."
    assert answer.usage.completion_tokens == 3
    chunks = client.chat_completion(messages, max_tokens=20, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Good morning."


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("temperature", 0.0, "strictly positive"),
        ("top_p", 1.0, "< 1.0"),
        ("top_k", 0, "strictly positive"),
        ("stop", ["a", "b", "c", "d", "e"], "up to 4 stop sequences"),
        ("stop", "a", "expected a sequence"),
        ("max_new_tokens", 32_768, "must be <= 32768"),
    ],
)
def test_values_at_the_edge_are_refused(client, field, value, words):
    with pytest.raises(ValidationError, match=words):
        client.text_generation("hi", **{field: value})


def test_an_overloaded_server(client):
    with pytest.raises(OverloadedError):
        client.text_generation("hi [[simulate status=429]]")


def test_an_error_within_a_stream(client):
    with pytest.raises(OverloadedError):
        list(client.text_generation("hi [[simulate error_after=2 status=429]]", stream=True))


def test_a_model_that_is_loading(client, simulator):
    with pytest.raises(HfHubHTTPError) as error:
        client.text_generation("hi [[simulate status=503]]")
    assert error.value.response.status_code == 503
    assert error.value.response.json()["estimated_time"] == 20.0


def test_a_token_is_wanted(simulator):
    path = f"/huggingface/models/{ZEPHYR}"
    status, _, raw = simulator.request("POST", path, {"inputs": "hi"}, {})
    assert status == 401 and "Authorization" in json.loads(raw)["error"]
