"""What we send to Cohere, in both versions of its chat API."""

from __future__ import annotations

import json

import pytest
from conversations import ALL, requests
from hypothesis import HealthCheck, given, settings
from routing_builders import chat_request, endpoint, provider

from routing.adapters import cohere, cohere_v2
from simulator import cohere_v1 as cohere_v1_reader
from simulator import cohere_v2 as cohere_v2_reader

COHERE = provider("Cohere", chat_path="/chat")
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def body(dialect, request=None, supported=ALL, max_tokens=64):
    served = endpoint(by=COHERE, upstream_model="command-r", supported_parameters=supported)
    return json.loads(dialect.encode(request or chat_request(), served, max_tokens).body)


@SLOW
@given(requests(pictures=False))
def test_the_first_version_takes_whatever_we_make_of_any_request(request):
    cohere_v1_reader.parse(body(cohere, request))


@SLOW
@given(requests())
def test_so_does_the_second(request):
    cohere_v2_reader.parse(body(cohere_v2, request))


@pytest.mark.parametrize("dialect", [cohere, cohere_v2])
def test_only_supported_parameters_travel(dialect):
    request = chat_request(parameters={"temperature": 0.5, "seed": 3, "max_tokens": 9})
    document = body(dialect, request, frozenset({"temperature"}))
    assert (document["temperature"], document["max_tokens"]) == (0.5, 64)
    assert "seed" not in document
    assert "max_tokens" not in body(dialect, request, max_tokens=None)


@pytest.mark.parametrize("dialect", [cohere, cohere_v2])
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"frequency_penalty": 0.5, "presence_penalty": 0.2}, {"frequency_penalty": 0.5}),
        ({"frequency_penalty": -1, "presence_penalty": 2}, {"presence_penalty": 1}),
        ({"frequency_penalty": 0, "presence_penalty": -2}, {}),
    ],
)
def test_of_two_penalties_the_stronger_travels(dialect, given, sent):
    document = body(dialect, chat_request(parameters=given))
    assert {name: document[name] for name in document if "penalty" in name} == sent


def test_only_instructions_are_a_question():
    request = chat_request(messages=({"role": "system", "content": "Say hi."},))
    assert body(cohere, request, max_tokens=None) == {"model": "command-r", "message": "Say hi."}


@pytest.mark.parametrize(
    ("schema", "definition"),
    [
        ({"type": "integer"}, {"type": "int"}),
        ({"type": ["null", "number"]}, {"type": "float"}),
        ({"type": "array", "items": {"type": "string"}}, {"type": "List[str]"}),
        ({"type": "array"}, {"type": "list"}),
        ({}, {"type": "str"}),
        ({"type": "boolean", "description": "Now?"}, {"type": "bool", "description": "Now?"}),
        ({"enum": [1, 2], "type": "integer"}, {"type": "int", "description": "One of: 1, 2."}),
        (
            {"type": "object", "properties": {"a": {}}},
            {
                "type": "dict",
                "description": 'JSON schema: {"type":"object","properties":{"a":{}}}',
            },
        ),
        (
            {"type": "array", "items": {"properties": {"a": {}}}},
            {"type": "list", "description": 'JSON schema: {"properties":{"a":{}}}'},
        ),
    ],
)
def test_parameters_of_tools_have_pythons_types(schema, definition):
    function = {"name": "f", "parameters": {"type": "object", "properties": {"x": schema}}}
    request = chat_request(parameters={"tools": [{"type": "function", "function": function}]})
    (tool,) = body(cohere, request)["tools"]
    assert tool["parameter_definitions"]["x"] == {"required": False, **definition}


def test_results_without_their_call_are_not_lost():
    messages = ({"role": "tool", "tool_call_id": "x", "content": "clear"},)
    document = body(cohere, chat_request(messages=messages))
    assert document["tool_results"] == [
        {"call": {"name": "x", "parameters": {}}, "outputs": [{"result": "clear"}]}
    ]
