"""The Bedrock dialect beside its fixtures (tests/fixtures/bedrock): what it sends and reads."""

from __future__ import annotations

import json

import pytest
from routing_builders import chat_request, endpoint, provider

from routing.adapters.bedrock import decode, decode_error, encode
from routing.chunk import Turn
from routing.request import ChatRequest
from routing.serving import RUBBISH

CLAUDE = "anthropic.claude-3-sonnet-20240229-v1:0"
EVERYTHING = frozenset({"temperature", "top_p", "top_k", "stop", "tools", "tool_choice"})
TOOL = {"type": "function", "function": {"name": "get_time", "description": ""}}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": ""}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "noon"}
HI = {"role": "user", "content": "hi"}


def made(request=None, model=CLAUDE, max_tokens=None, **fields):
    place = endpoint(
        by=provider("Amazon Bedrock", chat_path="/model/{model}/converse"), upstream_model=model,
        model_id="anthropic/claude-3-sonnet", supported_parameters=EVERYTHING,
    )  # fmt: skip
    return encode(request or chat_request(**fields), place, max_tokens)


def body(*arguments, **fields):
    return json.loads(made(*arguments, **fields).body)


def read(kind, turn=None, **document):
    event = f"{kind}\n{json.dumps(document)}".encode()
    return decode(event, turn or Turn(stream=True))


def test_the_model_stands_in_the_path():
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude"
    assert made(model=arn).path == (
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2F"
        "us.anthropic.claude/converse"
    )
    assert made(stream=True).path.endswith("-v1%3A0/converse-stream")
    assert made().framing == "aws"


def test_a_minimal_request_has_nothing_empty():
    assert body() == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    assert body(ChatRequest(prompt="hi")) == body()


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (CLAUDE, {"top_k": 9}),
        ("us.amazon.nova-pro-v1:0", {"inferenceConfig": {"topK": 9}}),
        ("cohere.command-r-v1:0", {"k": 9}),
        ("mistral.mistral-large-2402-v1:0", {"top_k": 9}),
    ],
)
def test_top_k_goes_under_the_name_of_the_vendor(model, fields):
    assert body(model=model, parameters={"top_k": 9})["additionalModelRequestFields"] == fields


def test_only_models_that_cache_are_told_to():
    part = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    messages = ({"role": "user", "content": [part]},)
    assert body(messages=messages)["messages"][0]["content"] == [
        {"text": "a"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
    ]
    found = body(messages=messages, model="meta.llama3-70b-instruct-v1:0")
    assert found["messages"][0]["content"] == [{"text": "a"}]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", None),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "get_time"}}, {"tool": {"name": "get_time"}}),
    ],
)
def test_the_choice_of_a_tool(choice, expected):
    parameters = {"tools": [TOOL]} | ({"tool_choice": choice} if choice else {})
    config = body(parameters=parameters)["toolConfig"]
    schema = {"json": {"type": "object", "properties": {}}}
    assert config["tools"] == [{"toolSpec": {"name": "get_time", "inputSchema": schema}}]
    assert config.get("toolChoice") == expected


def test_a_choice_of_none_is_no_tools():
    assert "toolConfig" not in body(parameters={"tools": [TOOL], "tool_choice": "none"})


def test_tools_that_were_called_are_defined_even_when_none_are_offered():
    found = body(messages=(HI, CALL, RESULT))
    assert [tool["toolSpec"]["name"] for tool in found["toolConfig"]["tools"]] == ["get_time"]
    other = {"type": "function", "function": {"name": "other"}}
    parameters = {"tools": [other], "tool_choice": "none"}
    assert body(messages=(HI, CALL, RESULT), parameters=parameters) == found


def test_the_end_is_known_before_the_figures():
    turn = Turn(stream=True)
    chunk = read("messageStop", turn, stopReason="end_turn")
    assert chunk.finish_reason == "stop" and turn.native_finish_reason == "end_turn"
    assert not turn.is_done and turn.usage is None
    assert read("metadata", turn, usage={"inputTokens": 1, "outputTokens": 2}) is None
    assert turn.is_done and turn.usage.completion_tokens == 2


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"), ("tool_use", "tool_calls"),
        ("guardrail_intervened", "content_filter"), ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"), ("malformed_tool_use", "error"), ("new", "stop"),
    ],
)  # fmt: skip
def test_reasons_to_stop(native, reason):
    assert read("messageStop", stopReason=native).finish_reason == reason


@pytest.mark.parametrize(
    ("name", "status", "permanent"),
    [
        ("throttlingException", 429, False), ("validationException", 400, True),
        ("modelStreamErrorException", 502, False), ("internalServerException", 500, False),
        ("serviceUnavailableException", 503, False), ("modelTimeoutException", 504, False),
        ("accessDeniedException", 403, False), ("somethingNewException", 502, False),
    ],
)  # fmt: skip
def test_exceptions_end_a_stream(name, status, permanent):
    failure = read(f"exception {name}", message="no").failure
    assert (failure.status, failure.permanent, failure.message) == (status, permanent, "no")


def test_an_error_without_a_payload():
    chunk = decode("error ServiceUnavailable\nno – more".encode(), Turn(stream=True))
    assert (chunk.failure.status, chunk.failure.message) == (503, "no – more")


def test_an_error_instead_of_an_answer():
    event = json.dumps({"__type": "com.amazon#ThrottlingException", "message": "slow"}).encode()
    assert decode(event, Turn(stream=False)).failure.status == 429


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (424, b'{"message": "model failed"}', 502),
        (403, b'{"Message": "User is not authorized"}', 403),
        (429, b'{"message": null}', 429),
        (500, b"[]", 500), (503, b"", 503), (502, b"<html>", 502), (400, b'"no"', 400),
    ],
)  # fmt: skip
def test_errors_of_any_shape_are_errors(status, body, expected):
    assert decode_error(status, body).status == expected


@pytest.mark.parametrize(
    "event",
    [
        b"{", b"{}", b"[]", b"", b"contentBlockDelta\n", b"contentBlockDelta\n{}",
        b'contentBlockDelta\n{"contentBlockIndex": 0, "delta": {"text": 7}}',
        b'contentBlockDelta\n{"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{"}}}',
        b'messageStop\n{"stopReason": 7}', b"error x\n\xff", b"\xff\n{}",
    ],
)  # fmt: skip
def test_rubbish_is_what_the_engine_takes_for_rubbish(event):
    with pytest.raises(RUBBISH):
        decode(event, Turn(stream=True))


def test_the_moderation_of_a_gateway_is_understood():
    error = {"message": "your input was flagged", "metadata": {"reasons": ["hate"]}}
    failure = decode_error(403, json.dumps({"error": error}).encode())
    assert (failure.kind, failure.reasons) == ("moderation", ("hate",))
