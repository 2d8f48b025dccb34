"""What an answer looks like on the wire, streamed and not, byte by byte where clients care."""

from __future__ import annotations

import json
import re

import pytest
from gateway_process import unique
from wire_client import (
    CHAT,
    COMPLETIONS,
    TURBO,
    bearer,
    chat,
    get,
    only,
    open_stream,
    request,
    stream,
)
from wire_records import LLAMA, generation_row

pytestmark = pytest.mark.database

ID = re.compile(r"gen-\d{10}-[0-9A-Za-z]{20}")
USAGE_KEYS = {
    "prompt_tokens", "completion_tokens", "total_tokens", "cost", "is_byok",
    "prompt_tokens_details", "cost_details", "completion_tokens_details",
}  # fmt: skip
DOCUMENT_KEYS = {"id", "object", "created", "model", "provider", "system_fingerprint"}
CHOICE_KEYS = {"index", "finish_reason", "native_finish_reason", "logprobs"}


def check_usage(usage):
    assert set(usage) == USAGE_KEYS
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert type(usage["prompt_tokens_details"]["cached_tokens"]) is int
    assert type(usage["completion_tokens_details"]["reasoning_tokens"]) is int
    details = usage["cost_details"]
    assert {"upstream_inference_prompt_cost", "upstream_inference_completions_cost"} < set(details)


def test_a_whole_answer_has_every_key_that_strict_clients_require(gateway, alice):
    answer = chat(gateway, alice, "Say it. [[say: Hello there!]]")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    document = answer.json
    assert set(document) == DOCUMENT_KEYS | {"choices", "usage"}
    assert ID.fullmatch(document["id"]) and document["id"] == answer.id
    assert document["object"] == "chat.completion"
    assert document["model"] == TURBO
    assert document["provider"] == "OpenAI"
    assert type(document["created"]) is int
    (choice,) = document["choices"]
    assert set(choice) == CHOICE_KEYS | {"message"}
    assert choice["index"] == 0 and choice["finish_reason"] == "stop"
    assert choice["message"] == {
        "role": "assistant", "content": "Hello there!", "refusal": None, "reasoning": None,
    }  # fmt: skip
    check_usage(document["usage"])


def test_a_stream_has_a_role_in_each_delta_and_the_usage_before_done(gateway, alice):
    answer = stream(gateway, alice, "Say it. [[say: Hello big world]]")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.is_done and answer.comments == []
    assert answer.text == "Hello big world"
    for event in answer.events:
        assert set(event) - {"usage"} == DOCUMENT_KEYS | {"choices"}
        assert event["id"] == answer.id and event["object"] == "chat.completion.chunk"
        assert event["provider"] == "OpenAI" and event["model"] == TURBO
    for choice in answer.choices:
        assert set(choice) == CHOICE_KEYS | {"delta"}
        assert choice["delta"]["role"] == "assistant"
    assert [choice["finish_reason"] for choice in answer.choices][-1] == "stop"
    check_usage(answer.usage)


def test_streamed_or_not_the_answer_and_its_usage_are_the_same(gateway, alice):
    text = f"Describe a forest {unique()} [[simulate tokens=60]]"
    whole, streamed = chat(gateway, alice, text), stream(gateway, alice, text)
    assert whole.text == streamed.text
    assert whole.json["usage"] == streamed.usage
    assert streamed.usage["completion_tokens"] == 60


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_a_prompt_is_answered_with_text(gateway, alice, path):
    body = {"model": TURBO, "prompt": "[[say: So it goes]]"}
    document = request(gateway, "POST", path, body, bearer(alice)).json
    assert document["object"] == "text_completion"
    (choice,) = document["choices"]
    assert set(choice) == CHOICE_KEYS | {"text"}
    assert choice["text"] == "So it goes"
    with open_stream(gateway, alice, "[[say: So it goes]]", path=COMPLETIONS) as answer:
        answer.read()
    assert "".join(choice["text"] for choice in answer.choices) == "So it goes"
    assert answer.is_done and answer.usage["completion_tokens"] == 3


@pytest.mark.parametrize(
    "provider",
    ["Together", "DeepInfra", "AnyScale", "Perplexity", "Fireworks", "Groq", "Lepton", "OctoAI"],
)
def test_every_provider_is_made_to_speak_the_same_language(gateway, alice, provider):
    text = f"Tell me of Rome {unique()} [[simulate tokens=25]]"
    streamed = stream(gateway, alice, text, LLAMA, provider=only(provider))
    whole = chat(gateway, alice, text, LLAMA, provider=only(provider))
    assert streamed.text == whole.text != ""
    assert whole.json["provider"] == streamed.events[0]["provider"] == provider
    assert streamed.choices[-1]["finish_reason"] == "stop"
    assert whole.json["choices"][0]["finish_reason"] == "stop"
    assert streamed.usage["completion_tokens"] == whole.json["usage"]["completion_tokens"] == 25
    assert streamed.usage == whole.json["usage"]
    row = generation_row(gateway, streamed.id)
    assert row["usage_source"] == "upstream"
    assert row["upstream_id"]


EXOTIC = "Some\u2028lines\x85end\x0bin odd\u2029ways: \u00e9\u4e2d\U0001f600, and nobody cares."


@pytest.mark.parametrize("words", ["crlf", "split=1", "split=7 crlf", "comments=5", "no_done"])
def test_no_framing_of_a_provider_changes_the_text(gateway, alice, words):
    answer = stream(gateway, alice, f"[[simulate {words}]] [[say: {EXOTIC}]]")
    assert answer.is_done
    assert answer.text == EXOTIC


def test_an_end_without_done_and_usage_is_counted_by_us(gateway, alice):
    text = f"Tell me of Rome {unique()} [[simulate tokens=30 no_usage no_done]]"
    answer = stream(gateway, alice, text)
    assert answer.is_done
    row = generation_row(gateway, answer.id)
    assert row["usage_source"] == "local"
    assert row["finish_reason"] == "stop"
    assert answer.usage["completion_tokens"] == row["tokens_completion"] == 30
    whole = chat(gateway, alice, text)
    assert whole.json["usage"] == answer.usage


def test_generation_is_there_the_moment_the_stream_ends(gateway, alice):
    for number in range(20):
        answer = stream(gateway, alice, f"Number {number} [[simulate tokens=3]]")
        found = get(gateway, alice, f"/generation?id={answer.id}")
        assert found["id"] == answer.id and found["streamed"] is True
        assert found["total_cost"] == answer.usage["cost"]


def test_generation_shows_the_app_and_both_counts(gateway, alice):
    body = {"model": TURBO, "messages": [{"role": "user", "content": "[[simulate tokens=9]]"}]}
    headers = bearer(alice, **{"HTTP-Referer": "https://app.example/x", "X-Title": "Bob's App"})
    answer = request(gateway, "POST", CHAT, body, headers)
    found = get(gateway, alice, f"/generation?id={answer.id}")
    assert found["origin"] == "https://app.example/x"
    assert found["model"] == TURBO and found["provider_name"] == "OpenAI"
    assert found["native_tokens_completion"] == found["tokens_completion"] == 9
    assert found["native_tokens_prompt"] == answer.json["usage"]["prompt_tokens"]
    assert generation_row(gateway, answer.id)["app_title"] == "Bob's App"
    bob = gateway.caller()
    other = request(gateway, "GET", f"/api/v1/generation?id={answer.id}", headers=bearer(bob))
    assert other.status == 404


@pytest.mark.parametrize("stream_it", [False, True])
def test_finish_reasons_are_ours_and_the_native_one_is_kept(gateway, alice, stream_it):
    text = "Tell me of Rome [[simulate finish=eos_token]]"
    if stream_it:
        choice = stream(gateway, alice, text, LLAMA, provider=only("Together")).choices[-1]
    else:
        answer = chat(gateway, alice, text, LLAMA, provider=only("Together"))
        choice = answer.json["choices"][0]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "eos_token")


@pytest.mark.parametrize("provider", ["Together", "Mistral", "Fireworks", "AnyScale"])
def test_streamed_tool_calls_have_index_id_and_arguments(gateway, alice, provider):
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    }}}]  # fmt: skip
    model = "mistralai/mixtral-8x22b-instruct"
    if provider == "Together":
        model = "mistralai/mixtral-8x7b-instruct"
    answer = stream(
        gateway, alice, "What is the weather in Paris?", model, tools=tools,
        provider=only(provider),
    )  # fmt: skip
    assert answer.status == 200, answer
    calls = [c for choice in answer.choices for c in choice["delta"].get("tool_calls") or ()]
    assert calls and all(call["index"] == 0 for call in calls)
    assert calls[0]["id"] and calls[0]["type"] == "function"
    assert calls[0]["function"]["name"] == "get_weather"
    arguments = "".join(call["function"].get("arguments") or "" for call in calls)
    assert json.loads(arguments) == {"city": "Paris"}
    assert answer.choices[-1]["finish_reason"] == "tool_calls"
    assert answer.usage["completion_tokens"] > 0


def test_preflight_and_wrong_methods(gateway, alice):
    answer = request(gateway, "OPTIONS", CHAT)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers
    for method in ("GET", "PUT", "DELETE"):
        answer = request(gateway, method, CHAT, headers=bearer(alice))
        assert answer.status == 405
        assert "POST" in answer.headers["allow"]
        assert answer.error["code"] == 405


def test_nothing_of_the_caller_reaches_a_provider_but_what_was_checked(gateway, alice):
    marker = unique("canary")
    body = {
        "model": TURBO, "messages": [{"role": "user", "content": f"{marker} [[say: ok]]"}],
        "api_base": "http://evil.example", "base_url": "http://evil.example", "api_key": "stolen",
        "extra_headers": {"x-evil": "1"}, "organization": "evil", "mock_response": "evil",
        "transforms": [], "provider": {"allow_fallbacks": True}, "route": "fallback",
        "models": [LLAMA], "temperature": 0.5, "top_k": 4,
    }  # fmt: skip
    headers = bearer(alice, **{"X-Title": "Evil", "X-Evil": "1", "Cookie": "evil=1"})
    answer = request(gateway, "POST", CHAT, body, headers)
    assert answer.status == 200, answer.body
    (record,) = gateway.upstream(marker)
    assert set(record["body"]) == {"model", "messages", "temperature", "max_tokens"}
    assert alice.key[-4:] not in record["headers"]["authorization"]
    assert "vil" not in json.dumps(record)
    assert "cookie" not in record["headers"] and "x-title" not in record["headers"]
    assert not any("openrouter" in value.lower() for value in record["headers"].values())


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.mark.parametrize("provider", ["Google", "Cohere", "Mistral", "Lynn"])
def test_one_call_is_all_where_one_was_asked_for(gateway, alice, provider):
    models = {
        "Google": "google/gemini-pro-1.5", "Cohere": "cohere/command-r",
        "Mistral": "mistralai/mistral-large", "Lynn": "lynn/soliloquy-l3",
    }  # fmt: skip
    asked = {"tools": [TOOL], "provider": {"only": [provider]}, "max_tokens": 300}
    text = "Weather in Rome and Oslo? [[simulate parallel=2]]"
    several = chat(gateway, alice, text, models[provider], **asked).json["choices"][0]
    assert len(several["message"]["tool_calls"]) == 2
    one = chat(gateway, alice, text, models[provider], parallel_tool_calls=False, **asked)
    assert len(one.json["choices"][0]["message"]["tool_calls"]) == 1


def test_tools_in_words_are_counted_as_they_were_sent(gateway, alice):
    """Where the provider counts and where we do, the same question costs about the same."""
    counts = []
    for provider in ("Replicate", "Together"):
        asked = {"tools": [TOOL], "provider": {"only": [provider]}, "max_tokens": 300}
        answer = chat(gateway, alice, "Weather in Rome?", "meta-llama/llama-2-70b-chat", **asked)
        assert answer.json["choices"][0]["message"]["tool_calls"]
        streamed = stream(
            gateway, alice, "Weather in Rome?", "meta-llama/llama-2-70b-chat", **asked
        )
        counts += [answer.json["usage"], streamed.usage]
    prompts = [usage["prompt_tokens"] for usage in counts]
    said = [usage["completion_tokens"] for usage in counts]
    assert max(prompts) < 1.5 * min(prompts) and max(said) < 1.5 * min(said), counts
