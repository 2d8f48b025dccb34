"""What we send to Gemini: turns, settings, tools and schemas."""

from __future__ import annotations

import json

import pytest
from conversations import ALL, requests
from hypothesis import HealthCheck, given, settings
from routing_builders import chat_request, endpoint, provider

from routing.adapters.google import encode
from routing.formats.google_schema import cleaned
from simulator import google_gemini

VERTEX = provider("Google", chat_path="/publishers/google/models/{model}:generateContent")


def sent(request=None, model="gemini-1.5-pro", max_tokens=64, by=VERTEX, **fields):
    fields = {"supported_parameters": ALL} | fields
    made = encode(
        request or chat_request(), endpoint(by=by, upstream_model=model, **fields), max_tokens
    )
    return made.path, json.loads(made.body)


def body(*arguments, **fields):
    return sent(*arguments, **fields)[1]


def turns(*messages, **fields):
    return body(chat_request(messages=messages, **fields))["contents"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests())
def test_gemini_takes_whatever_we_make_of_any_request(request):
    document = body(request)
    google_gemini.parse(document, "gemini-1.5-pro", request.stream, is_vertex=False)
    roles = [turn["role"] for turn in document["contents"]]
    assert roles == (["user", "model"] * len(roles))[: len(roles)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests(tools=False))
def test_so_does_the_first_generation(request):
    supported = ALL - {"response_format"}
    document = body(request, model="gemini-1.0-pro", supported_parameters=supported)
    google_gemini.parse(document, "gemini-1.0-pro", request.stream, is_vertex=True)


def test_the_model_is_part_of_the_path():
    assert sent()[0] == "/publishers/google/models/gemini-1.5-pro:generateContent"
    assert sent(model="a b?c")[0] == "/publishers/google/models/a%20b%3Fc:generateContent"
    assert sent(by=provider(chat_path=None))[0] == "/models/gemini-1.5-pro:generateContent"
    streamed = sent(chat_request(stream=True))
    assert streamed[0].endswith("/gemini-1.5-pro:streamGenerateContent?alt=sse")
    assert "stream" not in streamed[1]


def test_only_supported_parameters_travel():
    request = chat_request(parameters={"temperature": 1, "seed": 3, "top_k": 4, "max_tokens": 9})
    by = provider(unsupported_parameters=frozenset({"seed"}))
    document = body(request, by=by, supported_parameters=frozenset({"temperature", "seed"}))
    assert document["generationConfig"] == {"temperature": 1, "maxOutputTokens": 64}
    assert "generationConfig" not in body(
        request, max_tokens=None, supported_parameters=frozenset()
    )


def test_safety_is_left_to_google():
    assert set(body()) == {"contents", "generationConfig"}


def test_names_come_before_the_words():
    assert turns({"role": "user", "name": "bob", "content": "hi"}) == [
        {"role": "user", "parts": [{"text": "bob: hi"}]}
    ]


def test_a_conversation_that_the_model_begins_is_begun_for_it():
    found = turns({"role": "assistant", "content": "Ask."}, {"role": "user", "content": "Hi"})
    assert [turn["role"] for turn in found] == ["user", "model", "user"]


def test_later_system_messages_are_said_by_the_user():
    found = turns({"role": "user", "content": "Hi"}, {"role": "system", "content": "Be kind."})
    assert found == [{"role": "user", "parts": [{"text": "Hi"}, {"text": "Be kind."}]}]


@pytest.mark.parametrize(
    ("model", "knows_system"),
    [
        ("gemini-pro", False),
        ("gemini-pro-vision", False),
        ("gemini-1.0-pro-002", False),
        ("gemini-1.5-flash-preview-0514", True),
        ("gemini-pro-latest", True),
        ("gemini-2.5-pro", True),
    ],
)
def test_which_models_know_a_system_instruction(model, knows_system):
    messages = ({"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"})
    document = body(chat_request(messages=messages), model=model)
    assert ("systemInstruction" in document) is knows_system


def test_the_last_of_the_first_generation_may_be_as_warm_as_the_others():
    request = chat_request(parameters={"temperature": 1.5})
    found = [
        body(request, model=model)["generationConfig"]["temperature"]
        for model in ("gemini-1.0-pro", "gemini-1.0-pro-002", "gemini-1.5-pro")
    ]
    assert found == [1, 1.5, 1.5]


@pytest.mark.parametrize(
    ("schema", "clean"),
    [
        ({}, {"type": "STRING"}),
        ({"type": "object", "properties": {}}, {"type": "OBJECT"}),
        ({"type": ["null", "string"]}, {"type": "STRING", "nullable": True}),
        (
            {"enum": ["a", 1, ""], "type": "string"},
            {"type": "STRING", "format": "enum", "enum": ["a"]},
        ),
        ({"enum": [1, 2], "type": "integer"}, {"type": "INTEGER"}),
        ({"type": "string", "format": "email"}, {"type": "STRING"}),
        ({"type": "integer", "format": "int64"}, {"type": "INTEGER", "format": "int64"}),
        ({"oneOf": [{"type": "null"}, {"type": "number"}]}, {"type": "NUMBER", "nullable": True}),
        (
            {"oneOf": [{"type": "string"}, {"type": "number"}], "description": "x"},
            {"description": "x", "anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]},
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {}}, "required": ["a"]},
                    {"properties": {"b": {"type": "boolean"}}, "required": ["b"]},
                ]
            },
            {
                "type": "OBJECT",
                "properties": {"b": {"type": "BOOLEAN"}, "a": {"type": "STRING"}},
                "required": ["a", "b"],
            },
        ),
        ({"$ref": "#/nowhere"}, {"type": "OBJECT"}),
        ({"$ref": "#"}, {"type": "OBJECT"}),
        ({"type": "array"}, {"type": "ARRAY", "items": {"type": "STRING"}}),
        ({"type": "array", "items": [1]}, {"type": "ARRAY", "items": {"type": "OBJECT"}}),
    ],
)
def test_schemas_lose_what_google_does_not_know(schema, clean):
    before = json.dumps(schema)
    assert cleaned(schema) == clean
    assert json.dumps(schema) == before


def test_references_cannot_make_a_schema_endless():
    doubling = {
        f"n{level}": {
            "type": "object",
            "properties": {
                name: {"$ref": f"#/$defs/n{level + 1}"} for name in ("a", "b", "c", "d")
            },
        }
        for level in range(40)
    }
    assert len(json.dumps(cleaned({"$ref": "#/$defs/n0", "$defs": doubling}))) < 1_000_000
    deep = {"type": "string"}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    assert cleaned(deep)["type"] == "ARRAY"
