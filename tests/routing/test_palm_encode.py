"""What we send to PaLM 2: an odd number of turns, the user first and last."""

from __future__ import annotations

import json

import pytest
from conversations import ALL, requests
from hypothesis import HealthCheck, given, settings
from routing_builders import chat_request, endpoint, provider

from routing.adapters.google import encode
from simulator import google_palm

VERTEX = provider("Google", chat_path="/publishers/google/models/{model}:generateContent")
SUPPORTED = ALL - {"tools", "tool_choice", "response_format", "logprobs"}


def body(request, model="chat-bison@002", max_tokens=64):
    served = endpoint(by=VERTEX, upstream_model=model, supported_parameters=SUPPORTED)
    return json.loads(encode(request, served, max_tokens).body)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests(tools=False))
def test_palm_takes_whatever_we_make_of_any_request(request):
    google_palm.parse(body(request), "chat-bison@002", request.stream)


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("chat-bison@001", 1024),
        ("chat-bison@002", 2048),
        ("codechat-bison", 2048),
        ("chat-bison-32k@002", 8192),
    ],
)
def test_an_answer_is_as_long_as_the_model_can(model, most):
    request = chat_request()
    found = [
        body(request, model, tokens)["parameters"]["maxOutputTokens"] for tokens in (None, 9999, 7)
    ]
    assert found == [most, most, 7]


def test_an_answer_that_had_ended_is_answered_again():
    messages = (
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "assistant", "content": "Well?"},
    )
    found = body(chat_request(messages=messages))["instances"][0]["messages"]
    assert [turn["author"] for turn in found] == ["user", "bot", "user"]
    assert found[1]["content"] == "Yes?\n\nWell?"
