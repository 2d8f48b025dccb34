"""Mistral's own SDK talks to the simulated Mistral."""

from __future__ import annotations

import json

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import HTTPValidationError, SDKError

MODEL = "open-mixtral-8x7b"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "Get the current weather",
            "parameters": {
                "type": "object",
                "properties": {"location": {"type": "string"}},
                "required": ["location"],
            },
        },
    }
]
HELLO = [{"role": "user", "content": "[[say: Hello world]]"}]
WEATHER = {"role": "user", "content": "What is the weather like in Boston?"}


@pytest.fixture
def mistral(simulator):
    with Mistral(
        api_key="sk-test-1234", server_url=f"http://127.0.0.1:{simulator.port}/mistral"
    ) as client:
        yield client


def test_a_chat(mistral):
    answer = mistral.chat.complete(model=MODEL, messages=HELLO, random_seed=7, temperature=0.2)
    assert answer.choices[0].message.content == "Hello world"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 2


def test_a_stream(mistral):
    events = [event.data for event in mistral.chat.stream(model=MODEL, messages=HELLO)]
    assert "".join(event.choices[0].delta.content or "" for event in events) == "Hello world"
    assert events[-1].choices[0].finish_reason == "stop"
    assert events[-1].usage.completion_tokens == 2


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_and_its_result(mistral, streamed):
    asked = {"model": MODEL, "messages": [WEATHER], "tools": TOOLS, "tool_choice": "any"}
    if streamed:
        choices = [event.data.choices[0] for event in mistral.chat.stream(**asked)]
        call = next(c.delta.tool_calls[0] for c in choices if c.delta.tool_calls)
        assert choices[-1].finish_reason == "tool_calls"
    else:
        choice = mistral.chat.complete(**asked).choices[0]
        call = choice.message.tool_calls[0]
        assert choice.finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"location": "Boston"}
    assert len(call.id) == 9
    said = {"role": "assistant", "content": "", "tool_calls": [call.model_dump()]}
    result = {"role": "tool", "tool_call_id": call.id, "content": "22 degrees"}
    said["tool_calls"][0].pop("index", None)
    answer = mistral.chat.complete(model=MODEL, messages=[WEATHER, said, result], tools=TOOLS)
    assert "22 degrees" in answer.choices[0].message.content


def test_the_beginning_of_an_answer_needs_its_flag(mistral):
    beginning = {"role": "assistant", "content": "I am "}
    with pytest.raises(SDKError, match="Expected last role"):
        mistral.chat.complete(model=MODEL, messages=[WEATHER, beginning])
    answer = mistral.chat.complete(model=MODEL, messages=[WEATHER, beginning | {"prefix": True}])
    assert answer.choices[0].message.content


def test_ids_of_calls_have_nine_letters_or_digits(mistral):
    call = {"id": "call_123", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        WEATHER,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_123", "content": "x"},
    ]
    with pytest.raises(SDKError, match="must be a-z, A-Z, 0-9, with a length of 9"):
        mistral.chat.complete(model=MODEL, messages=messages)


def test_each_call_needs_its_result(mistral):
    call = {"id": "abcDEF123", "function": {"name": "f", "arguments": "{}"}}
    said = {"role": "assistant", "content": "", "tool_calls": [call]}
    with pytest.raises(SDKError, match="Not the same number"):
        mistral.chat.complete(model=MODEL, messages=[WEATHER, said, WEATHER])


def test_what_it_does_not_know_is_refused(mistral):
    with pytest.raises(HTTPValidationError, match="Extra inputs are not permitted"):
        mistral.chat.complete(model=MODEL, messages=HELLO, presence_penalty=1)
    with pytest.raises(HTTPValidationError):
        mistral.chat.complete(model=MODEL, messages=HELLO, tools=TOOLS, tool_choice="required")


def test_json(mistral):
    wanted = {"type": "json_object"}
    answer = mistral.chat.complete(model=MODEL, messages=[WEATHER], response_format=wanted)
    assert json.loads(answer.choices[0].message.content)


def test_models(mistral):
    assert MODEL in [model.id for model in mistral.models.list().data]
