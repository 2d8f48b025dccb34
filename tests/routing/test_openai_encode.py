"""The OpenAI dialect: what we send to a provider."""

from __future__ import annotations

import copy
import json

import pytest
from routing_builders import LLAMA, chat_request, endpoint, provider

from routing.adapters.openai import encode
from routing.request import ChatRequest

EVERYTHING = {
    "temperature": 0.5, "top_p": 0.9, "top_k": 40, "seed": 7, "stop": ["x"], "max_tokens": 99,
    "logit_bias": {"50256": -100}, "response_format": {"type": "json_object"},
}  # fmt: skip


def sent(request=None, max_tokens=64, by=None, **fields):
    """The path, and the body as a document."""
    made = encode(request or chat_request(), endpoint(by=by or provider(), **fields), max_tokens)
    return made.path, json.loads(made.body)


def body(*arguments, **fields):
    return sent(*arguments, **fields)[1]


def test_a_minimal_request():
    assert sent() == (
        "/chat/completions",
        {
            "model": "llama-3-8b",
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 64,
        },
    )


def test_only_supported_parameters_travel():
    request = chat_request(parameters=EVERYTHING)
    supported = frozenset({"temperature", "top_p", "seed", "max_tokens"})
    refusing = provider(unsupported_parameters=frozenset({"seed"}))
    document = body(request, by=refusing, supported_parameters=supported)
    assert set(document) == {"model", "messages", "temperature", "top_p", "max_tokens"}
    assert document["temperature"] == 0.5


def test_parameters_travel_under_the_names_of_the_provider():
    mistral = provider(parameter_renames={"seed": "random_seed", "max_tokens": "max_new_tokens"})
    request = chat_request(parameters=EVERYTHING)
    document = body(request, 12, by=mistral, supported_parameters=frozenset(EVERYTHING))
    assert document["random_seed"] == 7
    assert document["max_new_tokens"] == 12
    assert not {"seed", "max_tokens"} & set(document)


@pytest.mark.parametrize("supported", [frozenset(), frozenset({"max_tokens"})])
def test_max_tokens_is_what_the_hold_covers_not_what_was_asked(supported):
    request = chat_request(parameters={"max_tokens": 99}, max_tokens=99)
    assert body(request, 16, supported_parameters=supported)["max_tokens"] == 16
    assert "max_tokens" not in body(request, None, supported_parameters=supported)


def test_usage_is_asked_for_where_the_provider_lets_us():
    request = chat_request(stream=True)
    document = body(request)
    assert (document["stream"], document["stream_options"]) == (True, {"include_usage": True})
    document = body(request, by=provider(takes_stream_options=False))
    assert document["stream"] is True
    assert "stream_options" not in document
    assert not {"stream", "stream_options"} & set(body())
    assert (
        encode(request, endpoint(), 1).stream and not encode(chat_request(), endpoint(), 1).stream
    )


def test_parallel_tool_calls_travel_with_tools():
    request = chat_request(parameters={"tools": [{}], "parallel_tool_calls": False})
    assert not {"tools", "parallel_tool_calls"} & set(body(request))
    document = body(request, supported_parameters=frozenset({"tools"}))
    assert (document["tools"], document["parallel_tool_calls"]) == ([{}], False)


PARTS = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "x"}}]
NAMED = (
    {"role": "user", "name": "alice", "content": "hi"},
    {"role": "user", "name": "bob", "content": PARTS},
    {"role": "assistant", "name": "charlie", "content": None, "tool_calls": [{"id": "1"}]},
    {"role": "tool", "name": "weather", "tool_call_id": "1", "content": "rain"},
    {"role": "user", "content": "bye"},
)


def test_names_become_part_of_the_text_where_they_are_not_understood():
    assert body(chat_request(messages=NAMED))["messages"] == [
        {"role": "user", "content": "alice: hi"},
        {"role": "user", "content": [{"type": "text", "text": "bob: "}, *PARTS]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "name": "weather", "tool_call_id": "1", "content": "rain"},
        {"role": "user", "content": "bye"},
    ]
    document = body(chat_request(messages=NAMED), model_id="openai/gpt-4")
    assert document["messages"] == list(NAMED)


def test_a_prompt_goes_to_completions_or_becomes_a_message():
    request = ChatRequest(prompt="Once upon", is_completion=True)
    path, document = sent(request, by=provider(completions_path="/completions"))
    assert (path, document["prompt"], "messages" in document) == (
        "/completions",
        "Once upon",
        False,
    )
    path, document = sent(request)
    assert path == "/chat/completions"
    assert document["messages"] == [{"role": "user", "content": "Once upon"}]
    assert "prompt" not in document


def test_messages_become_a_prompt_where_there_is_no_chat():
    only_completes = provider(chat_path=None, completions_path="/completions")
    path, document = sent(chat_request(messages=NAMED), by=only_completes)
    assert (path, document["prompt"]) == (
        "/completions",
        "alice: hi\n\nbob: hi\n\nrain\n\nbye",
    )


def test_the_callers_request_is_never_changed():
    for request in (
        chat_request(messages=copy.deepcopy(NAMED), parameters=copy.deepcopy(EVERYTHING)),
        ChatRequest(prompt="a", parameters=copy.deepcopy(EVERYTHING), stream=True),
    ):
        before = copy.deepcopy(request)
        for model_id in (LLAMA, "openai/gpt-4"):
            for paths in ({}, {"completions_path": "/c"}, {"chat_path": None}):
                encode(request, endpoint(model_id=model_id, by=provider(**paths)), 5)
        assert request == before
