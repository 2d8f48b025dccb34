"""The open runner: what is sent, which no recorded case can say: each request has its own name."""

from __future__ import annotations

import json

import pytest
from routing_builders import chat_request, endpoint, provider

from routing.adapters.runner import decode, encode
from routing.chunk import Turn
from routing.request import ChatRequest

MODAL = provider("Modal", chat_path=None, completions_path="/completion")
EVERYTHING = {
    "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "frequency_penalty": 0.1,
    "presence_penalty": 0.2, "repetition_penalty": 1.1, "seed": 7, "logprobs": True,
    "logit_bias": {"1": 1}, "stop": ["x"],
}  # fmt: skip


def sent(request, max_tokens=16, **fields):
    supported = frozenset(request.parameters)
    made = encode(request, endpoint(by=MODAL, supported_parameters=supported, **fields), max_tokens)
    return made, json.loads(made.body)


def test_messages_go_through_the_template_of_the_model():
    made, body = sent(chat_request(), instruct_type="neural", upstream_model="Intel/neural-chat")
    assert (made.path, made.stream) == ("/completion", False)
    assert body["prompt"] == "### User:\nhi\n### Assistant:\n"
    assert (body["model"], body["stream"]) == ("Intel/neural-chat", False)
    assert body["params"] == {"max_tokens": 16, "stop": ["### User:", "### System:", "</s>"]}


def test_parameters_that_the_runner_knows():
    body = sent(ChatRequest(prompt="hi", parameters=EVERYTHING))[1]
    assert body["params"] == {
        "temperature": 0.5, "top_p": 0.9, "top_k": 40, "frequency_penalty": 0.1,
        "presence_penalty": 0.2, "repetition_penalty": 1.1, "stop": ["x"], "max_tokens": 16,
    }  # fmt: skip
    assert sent(ChatRequest(prompt="hi", parameters={"top_k": 0}))[1]["params"]["top_k"] == -1


def test_it_is_always_told_how_much_it_may_write():
    request = ChatRequest(prompt="hi")
    assert sent(request, None)[1]["params"]["max_tokens"] == 1024
    assert sent(request, None, max_completion_tokens=99)[1]["params"]["max_tokens"] == 99
    assert sent(request, 0)[1]["params"]["max_tokens"] == 1


def test_no_two_requests_have_one_name():
    request = ChatRequest(prompt="hi")
    assert sent(request)[1]["id"] != sent(request)[1]["id"]


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"", b'{"text":7}', b'{"text":null}'])
def test_rubbish_is_said_to_be_rubbish(raw):
    with pytest.raises((ValueError, KeyError, TypeError, IndexError, AttributeError)):
        decode(raw, Turn(stream=True))
