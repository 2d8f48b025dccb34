"""Together's own SDK talks to the simulated Together."""

from __future__ import annotations

import json

import pytest
import together

MODEL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
HELLO = [{"role": "user", "content": "[[say: Hello world]]"}]
TOOL = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}


@pytest.fixture
def client(simulator):
    base_url = f"http://127.0.0.1:{simulator.port}/together/v1"
    with together.Together(api_key="sk-test-1234", base_url=base_url, max_retries=0) as made:
        yield made


def test_a_chat(client):
    answer = client.chat.completions.create(
        model=MODEL, messages=HELLO, top_k=40, repetition_penalty=1.1, logprobs=1
    )
    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("Hello world", "eos")
    assert "".join(choice.logprobs.tokens) == "Hello world"
    assert answer.usage.completion_tokens == 2


def test_a_stream(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello world"
    assert chunks[-1].choices[0].finish_reason == "eos"
    assert chunks[-1].usage.completion_tokens == 2


def test_a_tool(client):
    asked = [{"role": "user", "content": "Time?"}]
    answer = client.chat.completions.create(model=MODEL, messages=asked, tools=[TOOL])
    call = answer.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("clock", {})


def test_a_completion(client):
    answer = client.completions.create(model=MODEL, prompt="[INST] [[say: Hi]] [/INST]")
    assert answer.choices[0].text == "Hi"


def test_log_probabilities_are_a_number(client):
    with pytest.raises(together.BadRequestError, match="Expected number"):
        client.chat.completions.create(model=MODEL, messages=HELLO, logprobs=True)


def test_a_schema_beside_the_type(client):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    asked = [{"role": "user", "content": "Name a city, such as Boston"}]
    wanted = {"type": "json_object", "schema": schema}
    answer = client.chat.completions.create(model=MODEL, messages=asked, response_format=wanted)
    assert set(json.loads(answer.choices[0].message.content)) == {"city"}
