"""Anthropic's own SDK against the simulator: what it refuses to read, we do not play well."""

from __future__ import annotations

import base64
import json

import anthropic
import pytest
from simulator_process import running

KEY = "sk-ant-test-5678"
MODEL = "claude-3-opus-20240229"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(32)).decode()
TOOL = {
    "name": "get_weather",
    "description": "The weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
USE = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "18 degrees"}


@pytest.fixture(scope="module")
def claude(tmp_path_factory):
    log_path = tmp_path_factory.mktemp("anthropic") / "log.jsonl"
    with running(log_path, SIMULATOR_KEYS=f"anthropic={KEY}") as found:
        yield found


@pytest.fixture
def client(claude):
    base_url = f"http://127.0.0.1:{claude.port}/anthropic"
    with anthropic.Anthropic(base_url=base_url, api_key=KEY, max_retries=0, timeout=10) as made:
        yield made


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


def ask(client, *messages, max_tokens=300, **options):
    given = [user(message) if isinstance(message, str) else message for message in messages]
    return client.messages.create(model=MODEL, max_tokens=max_tokens, messages=given, **options)


def post(claude, body, path="/anthropic/v1/messages", **headers):
    sent = {"x_api_key": KEY, "anthropic_version": "2023-06-01"} | headers
    named = {name.replace("_", "-"): value for name, value in sent.items() if value}
    status, _, raw = claude.request("POST", path, body, named)
    return status, json.loads(raw)


def minimal(**fields):
    return {"model": MODEL, "max_tokens": 50, "messages": [user("hi")]} | fields


def test_text(client):
    message = ask(client, "Explain how ocean tides work", system="Be brief.")
    assert message.type == "message" and message.role == "assistant"
    assert message.id.startswith("msg_01")
    assert "ocean tides" in message.content[0].text.lower()
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 10 and message.usage.output_tokens > 20


def test_stream_says_the_same_as_the_whole_answer(client):
    whole = ask(client, "Compare bread and cake")
    with client.messages.stream(
        model=MODEL, max_tokens=300, messages=[user("Compare bread and cake")]
    ) as stream:
        assert "".join(stream.text_stream) == whole.content[0].text
        message = stream.get_final_message()
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens == whole.usage.output_tokens
    assert message.usage.input_tokens == whole.usage.input_tokens


def test_events_come_in_the_order_of_the_api(claude):
    _, _, raw = claude.request(
        "POST", "/anthropic/v1/messages", minimal(stream=True),
        {"x-api-key": KEY, "anthropic-version": "2023-06-01"},
    )  # fmt: skip
    names = [line[7:].decode() for line in raw.splitlines() if line.startswith(b"event: ")]
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert set(names[3:-3]) == {"content_block_delta"}
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_tool_calls(client):
    message = ask(client, "Weather in Paris?", tools=[TOOL])
    assert message.stop_reason == "tool_use"
    (call,) = message.content
    assert call.type == "tool_use" and call.id.startswith("toolu_01")
    assert call.name == "get_weather" and call.input == {"city": "Paris"}


def test_parallel_tool_calls_in_a_stream(client):
    with client.messages.stream(
        model=MODEL, max_tokens=300, tools=[TOOL],
        messages=[user("Weather in Paris or London? [[simulate parallel=2]]")],
    ) as stream:  # fmt: skip
        calls = stream.get_final_message().content
    assert [call.type for call in calls] == ["tool_use", "tool_use"]
    assert len({call.id for call in calls}) == 2
    assert all(set(call.input) == {"city"} for call in calls)


def test_parallel_tool_calls_can_be_forbidden(client):
    choice = {"type": "any", "disable_parallel_tool_use": True}
    words = "Weather in Paris or London? [[simulate parallel=2]]"
    assert len(ask(client, words, tools=[TOOL], tool_choice=choice).content) == 1


def test_the_result_of_a_tool_is_answered(client):
    message = ask(client, "Weather in Paris?", assistant([USE]), user([RESULT]), tools=[TOOL])
    assert message.stop_reason == "end_turn"
    assert "18 degrees" in message.content[0].text


def test_images(client):
    text = {"type": "text", "text": "What is this?"}
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    plain = ask(client, user([text])).usage.input_tokens
    seen = ask(client, user([text, {"type": "image", "source": source}])).usage.input_tokens
    address = {"type": "url", "url": "https://example.com/a.png"}
    linked = ask(client, user([text, {"type": "image", "source": address}])).usage.input_tokens
    assert linked == seen > plain + 100


def test_a_prefill_is_continued(client):
    message = ask(client, "Name a river", assistant("The river is"))
    assert not message.content[0].text.startswith("The river is")


def test_stop_sequences_and_limits(client):
    stopped = ask(client, "[[say: one two three]]", stop_sequences=["two"])
    assert stopped.content[0].text == "one "
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "two")
    assert ask(client, "Tell me about Rome", max_tokens=3).stop_reason == "max_tokens"


def test_thoughts(client):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    words = "Why is the sky blue?"
    whole = ask(client, words, max_tokens=2000, thinking=thinking)
    assert [block.type for block in whole.content] == ["thinking", "text"]
    assert whole.content[0].signature
    with client.messages.stream(
        model=MODEL, max_tokens=2000, thinking=thinking, messages=[user(words)]
    ) as stream:
        streamed = stream.get_final_message()
    assert streamed.content[0].thinking == whole.content[0].thinking
    again = [assistant([block.model_dump(exclude_none=True) for block in streamed.content]), "And?"]
    assert ask(client, words, *again, max_tokens=2000, thinking=thinking).content


def test_models(client):
    assert MODEL in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError), (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError), (404, anthropic.NotFoundError),
        (429, anthropic.RateLimitError), (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)  # fmt: skip
def test_errors(client, status, error):
    with pytest.raises(error) as caught:
        ask(client, f"hi [[simulate status={status}]]")
    assert caught.value.status_code == status
    assert caught.value.body["type"] == "error"
    if status == 529:
        assert caught.value.body["error"] == {"type": "overloaded_error", "message": "Overloaded."}


def test_an_error_inside_a_stream(client):
    words = "hi [[simulate error_after=5 status=529]]"
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        client.messages.stream(model=MODEL, max_tokens=300, messages=[user(words)]) as stream,
    ):
        list(stream.text_stream)
    assert caught.value.body["error"]["type"] == "overloaded_error"


def test_other_faults(client):
    answer = ask(client, "hi [[simulate finish=refusal]]")
    assert answer.stop_reason == "refusal"
    assert ask(client, "hi [[simulate no_usage]]").usage is None
    with pytest.raises(anthropic.APIConnectionError):
        ask(client, "hi [[simulate reset]]")


def test_a_key_is_needed(claude):
    assert post(claude, minimal(), x_api_key="")[0] == 401
    status, body = post(claude, minimal(), x_api_key="sk-ant-wrong")
    assert (status, body["error"]) == (
        401, {"type": "authentication_error", "message": "invalid x-api-key"}
    )  # fmt: skip
    assert post(claude, minimal(), x_api_key="", authorization=f"Bearer {KEY}")[0] == 200


def test_a_version_is_needed(claude):
    status, body = post(claude, minimal(), anthropic_version="")
    assert (status, body["error"]["message"]) == (400, "anthropic-version: header is required")
    assert post(claude, minimal(), anthropic_version="2020-01-01")[0] == 400


def test_the_newest_version_joins_turns_and_takes_no_sampling_parameters(claude):
    newest = {"anthropic_version": "2026-10-21"}
    assert post(claude, minimal(messages=[user("a"), user("b")]), **newest)[0] == 200
    status, body = post(claude, minimal(temperature=1), **newest)
    assert status == 400
    assert body["error"]["message"] == "temperature: Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_tokens": None}, "max_tokens: Input should be a valid integer"),
        ({"frequency_penalty": 1}, "frequency_penalty: Extra inputs are not permitted"),
        ({"stream_options": {}}, "stream_options: Extra inputs are not permitted"),
        ({"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
        ({"stop_sequences": [" "]}, "each stop sequence must contain non-whitespace"),
        ({"messages": []}, "at least one message is required"),
        ({"messages": [{"role": "system", "content": "x"}]}, 'Unexpected role "system"'),
        ({"messages": [assistant("x")]}, 'first message must use the "user" role'),
        (
            {"messages": [user("a"), user("b")]},
            'messages: roles must alternate between "user" and "assistant", but found multiple'
            ' "user" roles in a row',
        ),
        ({"messages": [user("")]}, "all messages must have non-empty content"),
        ({"messages": [user([{"type": "text", "text": " "}])]}, "must contain non-whitespace"),
        ({"messages": [user("a"), assistant("b ")]}, "cannot end with trailing whitespace"),
        ({"messages": [{**user("a"), "name": "bob"}]}, "messages.0.name: Extra inputs"),
        ({"messages": [user([RESULT])], "tools": [TOOL]}, "unexpected `tool_use_id` found"),
        (
            {"messages": [user("a"), assistant([USE]), user("b")], "tools": [TOOL]},
            "`tool_use` ids were found without `tool_result` blocks immediately after: toolu_1",
        ),
        (
            {"messages": [user("a"), assistant([USE]), user([RESULT])]},
            "must define tools",
        ),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}]}, "match pattern"),
        ({"tools": [{"name": "ab"}]}, "tools.0.custom.input_schema: Field required"),
        ({"tool_choice": {"type": "auto"}}, "may only be specified while providing tools"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}}, "Tool 'x' not found"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5}}, "greater than or equal to 1024"),
    ],
)  # fmt: skip
def test_bad_requests(claude, fields, words):
    status, body = post(claude, minimal(**fields))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert words in body["error"]["message"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            {"type": "base64", "media_type": "image/bmp", "data": PNG},
            "Input should be 'image/jpeg'",
        ),
        ({"type": "base64", "media_type": "image/png", "data": "?"}, "Invalid base64 data"),
        ({"type": "base64", "media_type": "image/png", "data": "AAAA"}, "Could not process image"),
        ({"type": "base64", "media_type": "image/webp", "data": PNG}, "does not match"),
        ({"type": "url", "url": "file:///etc/passwd"}, "Only HTTP and HTTPS"),
    ],
)
def test_bad_images(claude, source, words):
    status, body = post(claude, minimal(messages=[user([{"type": "image", "source": source}])]))
    assert status == 400 and words in body["error"]["message"]


# The SDK of today no longer has Text Completions, so these go by hand.


def complete(claude, prompt, **fields):
    body = {"model": "claude-2.1", "prompt": prompt, "max_tokens_to_sample": 200} | fields
    return post(claude, body, path="/anthropic/v1/complete")


def test_text_completions(claude):
    status, body = complete(claude, "\n\nHuman: Explain tides\n\nAssistant:")
    assert (status, body["type"], body["stop_reason"]) == (200, "completion", "stop_sequence")
    assert "tides" in body["completion"].lower()
    assert body["stop"] == "\n\nHuman:"


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("hi", "must start with"),
        ("\n\nHuman: hi", "must end with"),
        ("\n\nHuman: hi\n\nAssistant: ", "trailing whitespace"),
    ],
)
def test_bad_prompts(claude, prompt, words):
    status, body = complete(claude, prompt)
    assert status == 400 and words in body["error"]["message"]


def test_text_completions_are_not_for_claude_3(claude):
    status, body = complete(claude, "\n\nHuman: hi\n\nAssistant:", model=MODEL)
    assert status == 400 and "Messages API" in body["error"]["message"]
