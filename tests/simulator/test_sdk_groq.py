"""Groq's own SDK talks to the simulated Groq."""

from __future__ import annotations

import json

import groq
import pytest

MODEL = "llama3-70b-8192"
TOOL = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}
HELLO = [{"role": "user", "content": "[[say: Hello world]]"}]


@pytest.fixture
def client(simulator):
    base_url = f"http://127.0.0.1:{simulator.port}/groq"
    with groq.Groq(api_key="sk-test-1234", base_url=base_url, max_retries=0) as made:
        yield made


def test_a_chat(client):
    answer = client.chat.completions.create(model=MODEL, messages=HELLO, stop=["x"], seed=1)
    assert answer.choices[0].message.content == "Hello world"
    assert answer.usage.completion_tokens == 2
    assert answer.usage.total_time > 0


def test_a_stream_has_its_usage_beside(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello world"
    assert chunks[0].x_groq.id.startswith("req_")
    assert chunks[-1].x_groq.usage.completion_tokens == 2


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool(client, streamed):
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "Time?"}], "tools": [TOOL]}
    made = client.chat.completions.create(**asked, tool_choice="required", stream=streamed)
    if streamed:
        deltas = [chunk.choices[0].delta for chunk in made]
        call = next(delta.tool_calls[0] for delta in deltas if delta.tool_calls)
    else:
        call = made.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("clock", {})


def test_names_and_unknown_types_are_refused(client):
    named = [{"role": "user", "name": "alice", "content": "Hi"}]
    with pytest.raises(groq.BadRequestError, match="property 'name' is unsupported"):
        client.chat.completions.create(model=MODEL, messages=named)
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}
    with pytest.raises(groq.BadRequestError, match="Invalid value"):
        client.chat.completions.create(model=MODEL, messages=HELLO, response_format=wanted)
    with pytest.raises(groq.BadRequestError, match="'logit_bias' is unsupported"):
        client.chat.completions.create(model=MODEL, messages=HELLO, logit_bias={"1": 1})


def test_no_key_no_answer(client):
    unsaid = {"Authorization": groq.Omit()}
    with pytest.raises(groq.AuthenticationError):
        client.chat.completions.create(model=MODEL, messages=HELLO, extra_headers=unsaid)


def test_a_rate_limit_says_when_to_come_back(client):
    busy = [{"role": "user", "content": "[[simulate status=429]]"}]
    with pytest.raises(groq.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=busy)
    assert caught.value.response.headers["retry-after"] == "2"


def test_models(client):
    assert MODEL in [model.id for model in client.models.list().data]
