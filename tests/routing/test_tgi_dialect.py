"""Text Generation Inference, beyond its recorded cases."""

from __future__ import annotations

import json

import pytest
from routing_builders import chat_request, endpoint, provider

from routing.adapters.tgi import decode, decode_error, encode, repeated_stops
from routing.chunk import Turn
from routing.request import ChatRequest

HUGGING_FACE = provider(
    "HuggingFace",
    chat_path="/models/{model}/v1/chat/completions",
    completions_path="/models/{model}",
)


def sent(request, by=HUGGING_FACE, **fields):
    supported = frozenset(request.parameters)
    made = encode(request, endpoint(by=by, supported_parameters=supported, **fields), 16)
    return made.path, json.loads(made.body)


@pytest.mark.parametrize(
    ("fields", "native"),
    [
        ({"instruct_type": "zephyr"}, True),
        ({"is_base": True}, True),
        ({"instruct_type": None}, False),
        ({"instruct_type": "unheard-of"}, False),
        ({"by": provider(completions_path="/models/{model}", chat_path=None)}, True),
    ],
)
def test_which_route_a_dialogue_takes(fields, native):
    path, body = sent(chat_request(), **fields)
    assert (path == "/models/{model}") is native
    assert ("inputs" in body) is native and ("messages" in body) is not native


def test_a_prompt_is_always_native():
    assert sent(ChatRequest(prompt="hi"))[1]["inputs"] == "hi"


def test_values_at_the_edge_of_their_range_are_not_sent():
    edge = {"temperature": 0, "top_p": 1.0, "top_k": 0, "seed": -1, "frequency_penalty": 0}
    assert sent(ChatRequest(prompt="hi", parameters=edge))[1]["parameters"] == {
        "details": True, "return_full_text": False, "do_sample": False, "max_new_tokens": 16,
    }  # fmt: skip
    low = sent(ChatRequest(prompt="hi", parameters={"top_p": 0.0}))[1]["parameters"]
    assert low["top_p"] == 0.01


def test_the_stops_that_come_back_are_those_that_are_sent():
    request = chat_request(parameters={"stop": ["!"]})
    fields = {"instruct_type": "chatml", "by": HUGGING_FACE}
    stops = repeated_stops(request, endpoint(**fields))
    assert stops == ["!", "<|im_end|>", "<|im_start|>"]
    assert sent(request, **fields)[1]["parameters"]["stop"] == stops


def token(text, special=False):
    return {"id": 1, "text": text, "logprob": -0.5, "special": special}


def test_log_probabilities_come_where_they_were_asked_for():
    event = {"token": token("é"), "top_tokens": [token("é"), token("e")]}
    chunk = decode(json.dumps(event).encode(), Turn(stream=True))
    (entry,) = chunk.logprobs["content"]
    assert (entry["token"], entry["logprob"], entry["bytes"]) == ("é", -0.5, [195, 169])
    assert [other["token"] for other in entry["top_logprobs"]] == ["é", "e"]
    details = {
        "finish_reason": "eos_token", "generated_tokens": 2,
        "tokens": [token("a"), token("</s>", True)], "top_tokens": [[token("a")], [token("x")]],
    }  # fmt: skip
    chunk = decode(json.dumps([{"generated_text": "a", "details": details}]).encode(), Turn(False))
    assert [entry["token"] for entry in chunk.logprobs["content"]] == ["a"]
    assert decode(json.dumps({"token": token("a")}).encode(), Turn(True)).logprobs is None


def test_a_loading_model_says_when_it_will_be_there():
    failure = decode_error(503, b'{"error":"Model is loading","estimated_time":20.5}')
    assert (failure.status, failure.retry_after_s) == (529, 20.5)
    assert decode_error(503, b'{"error":"Service Unavailable"}').status == 503


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"7", b'{"token":{"text":7}}', b'{"details":{}}'])
def test_rubbish_is_said_to_be_rubbish(raw):
    with pytest.raises((ValueError, KeyError, TypeError, IndexError, AttributeError)):
        decode(raw, Turn(stream=True))
