"""The official Python client, as programs use it."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from gateway_process import unique
from seed_tool import WEATHER
from wire_client import (
    TURBO,
    get,
    user,
)
from wire_records import (
    check_abort,
)

pytestmark = pytest.mark.database

GPT_4O = "openai/gpt-4o"
QUESTION = {"role": "user", "content": "What is the weather like in Boston?"}
TOOLS = [WEATHER]


def client_of(gateway, key, kind=openai.OpenAI):
    return kind(base_url=f"{gateway.url}/api/v1", api_key=key, max_retries=0, timeout=20)


@pytest.fixture
def client(gateway, alice):
    with client_of(gateway, alice.key) as made:
        yield made


def test_python_client_whole_answer(client):
    completion = client.chat.completions.create(model=TURBO, messages=user("[[say: A test]]"))
    assert completion.choices[0].message.content == "A test"
    assert completion.object == "chat.completion"
    assert completion.usage.completion_tokens == 2
    assert completion.usage.cost > 0
    assert completion.provider == "OpenAI"


def test_python_client_stream(client):
    chunks = list(
        client.chat.completions.create(model=TURBO, messages=user("[[say: A test]]"), stream=True)
    )
    assert "".join(c.choices[0].delta.content for c in chunks if c.choices) == "A test"
    assert chunks[-1].usage.completion_tokens == 2 and chunks[-1].choices == []
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}


def test_python_client_async(gateway, alice):
    async def talk():
        async with client_of(gateway, alice.key, openai.AsyncOpenAI) as client:
            whole = client.chat.completions.create(model=TURBO, messages=user("[[say: One]]"))
            stream = await client.chat.completions.create(
                model=TURBO, messages=user("[[say: Two]]"), stream=True
            )
            text = "".join([c.choices[0].delta.content async for c in stream if c.choices])
            return (await whole).choices[0].message.content, text

    assert asyncio.run(talk()) == ("One", "Two")


@pytest.mark.parametrize("streamed", [False, True])
def test_the_five_turns_of_the_seed(client, streamed):
    def ask(messages):
        if not streamed:
            return client.chat.completions.create(model=GPT_4O, messages=messages, tools=TOOLS)
        with client.chat.completions.stream(model=GPT_4O, messages=messages, tools=TOOLS) as stream:
            return stream.get_final_completion()

    suggestion = ask([QUESTION]).choices[0]
    assert suggestion.finish_reason == "tool_calls"
    assert not suggestion.message.content
    (call,) = suggestion.message.tool_calls
    assert call.type == "function" and call.function.name == "get_current_weather"
    assert "Boston" in json.loads(call.function.arguments)["location"]
    weather = {"temperature": "22", "unit": "celsius", "description": "Sunny"}
    answer = ask([
        QUESTION,
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": call.id, "type": "function", "function": {
                "name": call.function.name, "arguments": call.function.arguments}}]},
        {"role": "tool", "name": call.function.name, "tool_call_id": call.id,
         "content": json.dumps(weather)},
    ]).choices[0]  # fmt: skip
    assert answer.finish_reason == "stop"
    assert "22" in answer.message.content


def test_what_the_sdk_returns_can_be_sent_back_as_it_is(client):
    first = client.chat.completions.create(model=GPT_4O, messages=[QUESTION], tools=TOOLS)
    message = first.choices[0].message
    answer = client.chat.completions.create(model=GPT_4O, tools=TOOLS, messages=[
        QUESTION, message,
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "22 degrees"},
    ])  # fmt: skip
    assert answer.choices[0].message.content


def test_json_mode(client):
    completion = client.chat.completions.create(
        model=TURBO, messages=user("Name three rivers, in JSON."),
        response_format={"type": "json_object"},
    )  # fmt: skip
    assert isinstance(json.loads(completion.choices[0].message.content), dict)


@pytest.mark.parametrize("streamed", [False, True])
def test_logprobs(client, streamed):
    answer = client.chat.completions.create(
        model=TURBO, messages=user("[[say: A test]]"), logprobs=True, top_logprobs=2,
        stream=streamed,
    )  # fmt: skip
    choices = [c.choices[0] for c in answer if c.choices] if streamed else answer.choices
    tokens = [token for choice in choices if choice.logprobs for token in choice.logprobs.content]
    assert "".join(token.token for token in tokens) == "A test"
    assert all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in tokens)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (openai.BadRequestError, 400, {"model": "nobody/nothing"}),
        (openai.BadRequestError, 400, {"temperature": 3}),
        (openai.APIStatusError, 402, {"model": "openai/gpt-4-32k", "max_tokens": 4_000}),
        (openai.RateLimitError, 429, {"text": "[[simulate status=429 retry_after=3]]"}),
        (openai.InternalServerError, 502, {"text": "[[simulate status=503]]"}),
        (openai.InternalServerError, 503, {"extra_body": {"provider": {"only": ["groq"]}}}),
    ],
)
def test_errors_become_the_exceptions_programs_catch(gateway, error, status, body, streamed):
    poor = gateway.caller(credits="0.01")
    body = dict(body)
    messages = user(body.pop("text", "hi"))
    with client_of(gateway, poor.key) as client, pytest.raises(error) as caught:
        client.chat.completions.create(
            **{"model": TURBO, "messages": messages, "stream": streamed, **body}
        )
    assert caught.value.status_code == status
    assert caught.value.body["code"] == status
    assert caught.value.body["message"] in str(caught.value)
    if status == 429:
        assert caught.value.response.headers["retry-after"] == "3"


def test_a_wrong_key_is_an_authentication_error(gateway):
    for key in ("sk-or-v1-wrong", "nonsense"):
        with client_of(gateway, key) as client, pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model=TURBO, messages=user("hi"))


def test_an_error_in_band_is_raised_by_the_sdk(client):
    heard = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in client.chat.completions.create(
            model=TURBO, messages=user("Rome [[simulate error_after=5]]"), stream=True
        ):
            heard.append(chunk.choices[0].delta.content)
    assert "".join(heard)
    assert caught.value.body["code"] == 502


def test_closing_a_stream_of_the_sdk_stops_the_provider(gateway):
    caller, marker = gateway.caller(), unique()
    with client_of(gateway, caller.key) as client:
        stream = client.chat.completions.create(
            model=TURBO, messages=user(f"{marker} [[simulate tokens=4000 tps=100]]"), stream=True
        )
        received = [next(stream) for _ in range(6)]
        stream.close()
    check_abort(gateway, caller, marker, len(received) - 1)


def test_completions_of_the_sdk(client):
    answer = client.completions.create(model=TURBO, prompt="[[say: So it goes]]")
    assert answer.choices[0].text == "So it goes"
    stream = client.completions.create(model=TURBO, prompt="[[say: So it goes]]", stream=True)
    assert "".join(c.choices[0].text for c in stream if c.choices) == "So it goes"


def test_models_of_the_sdk(client):
    assert TURBO in {model.id for model in client.models.list()}


def test_the_key_page_adds_up_to_what_programs_spent(gateway):
    caller = gateway.caller()
    with client_of(gateway, caller.key) as client:
        costs = [
            client.chat.completions.create(model=TURBO, messages=user(f"[[say: {n}]]")).usage.cost
            for n in range(5)
        ]
    assert get(gateway, caller, "/key")["usage"] == pytest.approx(sum(costs), abs=1e-12)
