"""Clients that nobody changed for us: the official SDKs, the seed's own snippets, curl."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import urllib.request
from pathlib import Path

import openai
import pytest
from gateway_process import unique, wait_until
from wire_client import TURBO, charged, generation_row, get, user

pytestmark = pytest.mark.database

CLIENTS = Path(__file__).parent.parent / "clients"
GPT_4O = "openai/gpt-4o"
QUESTION = {"role": "user", "content": "What is the weather like in Boston?"}
# Seed, Tool Calls.
TOOLS = [{
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {
                    "type": "string", "description": "The city and state, e.g. San Francisco, CA",
                },
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location"],
        },
    },
}]  # fmt: skip


@pytest.fixture(scope="module")
def alice(gateway):
    return gateway.caller(credits="50")


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
        with client.chat.completions.stream(
            model=GPT_4O, messages=messages, tools=TOOLS
        ) as stream:
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


def check_abort(gateway, caller, marker, received):
    def ended():
        found = gateway.upstream(marker)
        return found and found[0]["ended_at"] and found[0]

    record = wait_until(ended, "the end of the provider's part")
    assert record["aborted"] and not record["finished"]
    (row,) = wait_until(
        lambda: gateway.sql(
            "SELECT id, tokens_completion, cost_nano FROM billing_generation"
            " WHERE cancelled AND user_id = %s", caller.user_id,
        ), "the settlement",
    )  # fmt: skip
    assert received <= row["tokens_completion"] <= record["completion_tokens"]
    assert charged(gateway, row["id"]) == row["cost_nano"] > 0


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


# --- Programs of their own ---------------------------------------------------------------------


def run(command, gateway, caller, **environment):
    done = subprocess.run(
        command, cwd=CLIENTS, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"),
             "GATEWAY_URL": gateway.url, "OPENROUTER_API_KEY": caller.key, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_node_client(gateway, tool, unavailable):
    node = tool("node")
    if not (CLIENTS / "node_modules" / "openai").is_dir():
        unavailable("tests/clients/node_modules (npm ci in tests/clients)")
    caller, marker = gateway.caller(credits="0.2"), unique()
    lines = run([node, "openai_client.mjs"], gateway, caller, MARKER=marker).splitlines()
    happened = [json.loads(line) for line in lines]
    told = {each["what"]: each["value"] for each in happened}
    completion = told["completion"]
    assert completion["choices"][0]["message"]["content"] == "This is a test"
    row = generation_row(gateway, completion["id"])
    assert (row["app_referer"], row["app_title"]) == ("https://app.example/", "Bob's App")
    assert told["stream"]["text"] == "This is a stream"
    assert told["stream"]["usage"]["completion_tokens"] == 4
    (call,) = told["tools"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
    assert told["aborted"] >= 5
    check_abort(gateway, caller, marker, 4)
    names = {status: (told[status]["name"], told[status]["status"]) for status in ("401", "400")}
    assert names == {"401": ("AuthenticationError", 401), "400": ("BadRequestError", 400)}
    assert told["402"]["status"] == told["402"]["code"] == 402
    assert (told["429"]["name"], told["429"]["retry_after"]) == ("RateLimitError", "3")
    assert (told["502"]["name"], told["502"]["status"]) == ("InternalServerError", 502)
    assert told["broken"] == "APIError"
    assert any(each["what"] == "before" for each in happened)


def test_the_fetch_snippets_of_the_seed(gateway, alice, tool):
    told = json.loads(run([tool("node"), "seed_snippets.mjs"], gateway, alice))
    *answers, generation, key, models, _ = told["answers"]
    assert [answer["status"] for answer in told["answers"][:-1]] == [200] * 11
    for answer in answers:
        body = answer["body"]
        assert body["id"].startswith("gen-")
        assert body["choices"][0]["message"]["role"] == "assistant"
        assert body["usage"]["total_tokens"] > 0
    assert answers[1]["body"]["provider"] == "Together"
    assert generation["body"]["data"]["origin"] == "https://app.example/"
    assert set(key["body"]["data"]) >= {"label", "usage", "limit", "is_free_tier", "rate_limit"}
    limits = [model["per_request_limits"] for model in models["body"]["data"]]
    assert any(limit and limit["completion_tokens"] > 0 for limit in limits)
    assert told["status"] == 400 and told["message"]


def test_the_python_snippet_of_the_seed_on_the_wire(gateway, alice):
    """`openai.ChatCompletion.create` of the library's 0.28: what it posted, header by header."""
    body = {"model": TURBO, "messages": user("[[say: From 2023]]")}
    headers = {
        "User-Agent": "OpenAI/v1 PythonBindings/0.28.1", "Content-Type": "application/json",
        "Authorization": f"Bearer {alice.key}", "HTTP-Referer": "https://app.example/",
        "X-Title": "Bob's App", "X-OpenAI-Client-User-Agent": '{"lang": "python"}',
    }  # fmt: skip
    url = f"{gateway.url}/api/v1/chat/completions"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        document = json.load(response)
    assert document["choices"][0]["message"]["content"] == "From 2023"


def test_curl(gateway, alice, tool):
    url = f"{gateway.url}/api/v1/chat/completions"
    body = json.dumps({"model": TURBO, "stream": True, "messages": user("[[say: Hello]]")})
    head = ["-H", f"Authorization: Bearer {alice.key}", "-H", "Content-Type: application/json"]
    out = run([tool("curl"), "-sN", url, *head, "-d", body], gateway, alice)
    assert out.startswith("data: {") and out.endswith("data: [DONE]\n\n")
    out = run([tool("curl"), "-s", "--compressed", url, *head, "-d", "{}"], gateway, alice)
    assert json.loads(out)["error"]["code"] == 400


def test_the_key_page_adds_up_to_what_programs_spent(gateway):
    caller = gateway.caller()
    with client_of(gateway, caller.key) as client:
        costs = [
            client.chat.completions.create(model=TURBO, messages=user(f"[[say: {n}]]")).usage.cost
            for n in range(5)
        ]
    assert get(gateway, caller, "/key")["usage"] == pytest.approx(sum(costs), abs=1e-12)
