"""What Cohere refuses, in both versions of its chat API."""

from __future__ import annotations

import json

import pytest
from weather_tool import WEATHER as WEATHER_V2
from weather_tool import WEATHER_COHERE_V1 as WEATHER_V1


def ask(text):
    return [{"role": "user", "content": text}]


def refusal(simulator, version, body, headers=None):
    status, _, raw = simulator.request("POST", f"/cohere/{version}/chat", body, headers)
    return status, json.loads(raw)["message"]


USER = {"role": "USER", "message": "hi"}
RESULT = {"call": {"name": "f", "parameters": {}}, "outputs": [{"a": 1}]}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"message": "hi", "messages": []}, 422, "unknown field: parameter 'messages'"),
        ({"message": ""}, 400, "message must be at least 1 token long"),
        ({"message": "hi", "temperature": 2}, 400, "temperature must be between 0 and 1.0"),
        ({"message": "hi", "p": 1}, 400, "p must be between"),
        (
            {"message": "hi", "frequency_penalty": 0.1, "presence_penalty": 0.1},
            400,
            "cannot specify both",
        ),
        ({"message": "hi", "stop_sequences": list("abcdef")}, 400, "stop sequences"),
        (
            {"message": "hi", "chat_history": [{"role": "user", "message": ""}]},
            400,
            "must have a message",
        ),
        (
            {"message": "hi", "chat_history": [{"role": "BOT", "message": "a"}]},
            400,
            "Invalid role in chat_history at index 0",
        ),
        (
            {"message": "hi", "tools": [WEATHER_V1], "tool_results": [RESULT]},
            400,
            "cannot specify both message and tool_results",
        ),
        (
            {
                "message": "hi",
                "chat_history": [USER, {"role": "TOOL", "tool_results": [RESULT]}],
            },
            400,
            "last entry in chat history contains tool results",
        ),
        (
            {"message": "hi", "tools": [{"name": "a-b", "description": ""}]},
            400,
            "tool names can only contain",
        ),
    ],
)
def test_what_v1_refuses(simulator, body, status, words):
    found, message = refusal(simulator, "v1", body)
    assert found == status and words in message


TOOL = {"role": "tool", "tool_call_id": "x", "content": "y"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"messages": ask("hi"), "top_p": 0.5}, 422, "parameter 'top_p' is not a valid field"),
        ({"messages": [{**ask("hi")[0], "name": "bob"}]}, 422, "'messages[0].name'"),
        ({"messages": []}, 400, "at least one message"),
        ({"messages": [*ask("hi"), {"role": "assistant", "content": "a"}]}, 400, "last message"),
        ({"messages": ask("")}, 400, "message must not be empty in a turn"),
        ({"messages": [*ask("hi"), TOOL]}, 400, "tool call id not found"),
        ({"messages": ask("hi"), "tool_choice": "REQUIRED"}, 400, "requires tools"),
        ({"messages": ask("hi"), "tools": [WEATHER_V2], "tool_choice": "auto"}, 400, "one of"),
        (
            {
                "messages": ask("hi"),
                "tools": [WEATHER_V2],
                "response_format": {"type": "json_object"},
            },
            400,
            "response_format is not supported",
        ),
    ],
)
def test_what_v2_refuses(simulator, body, status, words):
    found, message = refusal(simulator, "v2", {"model": "command-r", **body})
    assert found == status and words in message


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_credentials(simulator, version):
    assert refusal(simulator, version, {}, {}) == (401, "no api key supplied")


def test_the_first_version_streams_lines(simulator):
    body = {"message": "[[say: Hello]] [[simulate comments=2]]", "stream": True}
    status, headers, raw = simulator.request("POST", "/cohere/v1/chat", body)
    assert (status, headers["content-type"]) == (200, "application/stream+json")
    kinds = [json.loads(line)["event_type"] for line in raw.split(b"\n") if line]
    assert kinds == ["stream-start", "text-generation", "stream-end"]
