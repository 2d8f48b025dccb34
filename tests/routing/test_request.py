"""The body of a request and its routing fields; hostile bodies; the frozen result."""

from __future__ import annotations

import dataclasses

import orjson
import pytest

from openrouter_site.errors import BadRequest
from routing.preferences import ProviderPreferences
from routing.request import ChatRequest, parse


def hello():
    return [{"role": "user", "content": "Hello"}]


def chat(**fields):
    return parse(orjson.dumps({"messages": hello(), **fields}), completion=False)


def complete(**fields):
    return parse(orjson.dumps(fields), completion=True)


def refusal(body, completion=False):
    with pytest.raises(BadRequest) as caught:
        parse(body if isinstance(body, bytes) else orjson.dumps(body), completion=completion)
    return caught.value


REFUSED = [
    ("stream", "true", "must be true or false"),
    ("stream", 1, "must be true or false"),
    ("model", 1, "must be a string"),
    ("model", "", "must be a string of 1 to 256"),
    ("model", "x" * 257, "must be a string of 1 to 256"),
    ("model", "openai/gpt\x00", "printable"),
    ("model", "openai/gpt\n", "printable"),
    ("models", "openai/gpt-4", "must be an array"),
    ("models", ["a/b"] * 17, "at most 16"),
    ("models[1]", ["a/b", None], "must be a string"),
    ("route", "sort", "must be one of fallback"),
    ("route", ["fallback"], "must be one of fallback"),
    ("transforms", "middle-out", "must be an array"),
    ("transforms[0]", ["outside-in"], "must be one of middle-out"),
    ("user", 1, "must be a string"),
    ("user", "x" * 257, "0 to 256"),
    ("user", "alice\x00", "printable"),
    ("provider", [], "must be an object"),
]


@pytest.mark.parametrize(("field", "value", "words"), REFUSED)
def test_value_is_refused_by_the_name_of_its_field(field, value, words):
    top = field.partition(".")[0].partition("[")[0]
    with pytest.raises(BadRequest) as caught:
        chat(**{top: value})
    assert caught.value.metadata["field"] == field
    assert caught.value.message.startswith(field)
    assert words in caught.value.message


def test_routing_fields_are_read():
    request = chat(
        model="openai/gpt-4o",
        models=["anthropic/claude-2.1", "gryphe/mythomax-l2-13b", "anthropic/claude-2.1"],
        route="fallback",
        stream=True,
        transforms=[],
        user="alice",
        provider={"order": ["Azure", "Together"]},
    )
    assert request.model == "openai/gpt-4o"
    assert request.models == ("anthropic/claude-2.1", "gryphe/mythomax-l2-13b")
    assert request.route == "fallback"
    assert request.stream is True
    assert request.transforms == ()
    assert request.user == "alice"
    assert request.provider == ProviderPreferences(order=("Azure", "Together"))


def test_absent_fields_have_the_documented_defaults():
    request = chat()
    assert request == ChatRequest(
        messages=({"role": "user", "content": "Hello"},), text_bytes=5, message_count=1
    )
    assert request.transforms is None
    assert chat(transforms=["middle-out"]).transforms == ("middle-out",)


def test_foreign_fields_are_never_kept():
    foreign = {
        "api_base": "http://127.0.0.1",
        "base_url": "http://127.0.0.1",
        "api_key": "sk-canary",
        "extra_headers": {"Authorization": "sk-canary"},
        "organization": "canary",
        "mock_response": "canary",
        "stream_options": {"include_usage": True},
        "usage": {"include": True},
    }
    assert chat(**foreign) == chat()


def test_prompt_makes_a_completion_at_both_endpoints():
    for completion in (True, False):
        request = parse(b'{"prompt": "Once upon a time"}', completion=completion)
        assert request.is_completion
        assert request.prompt == "Once upon a time"
        assert request.messages is None
        assert request.text_bytes == 16
        assert request.message_count == 0
    assert complete(prompt=["Once"]).prompt == "Once"
    assert complete(prompt="Once", messages=None).prompt == "Once"


@pytest.mark.parametrize(
    ("body", "completion", "field"),
    [
        ({}, False, "messages"),
        ({}, True, "prompt"),
        ({"messages": None, "prompt": None}, False, "messages"),
        ({"messages": "Hello"}, False, "messages"),
        ({"messages": {}}, False, "messages"),
        ({"messages": []}, False, "messages"),
        ({"messages": [{"role": "user", "content": "a"}] * 10_001}, False, "messages"),
        ({"messages": [{"role": "user", "content": "a"}], "prompt": "b"}, False, "prompt"),
        ({"messages": [{"role": "user", "content": "a"}], "prompt": "b"}, True, "messages"),
        ({"messages": [{"role": "user", "content": "a"}]}, True, "messages"),
        ({"prompt": 5}, True, "prompt"),
        ({"prompt": ["a", "b"]}, True, "prompt"),
        ({"prompt": [1]}, False, "prompt"),
        ([], False, "body"),
        (None, False, "body"),
        ("text", True, "body"),
    ],
)
def test_input_must_be_messages_or_prompt(body, completion, field):
    error = refusal(body, completion)
    assert error.message.startswith('Input required: specify "prompt" or "messages"')
    assert error.metadata["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        b'{"prompt": ""}',
        b'{"messages": [{"role": "user", "content": ""}]}',
        b'{"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}',
        b"",
        b"   ",
        b'{"prompt": "a"',
        b'{"prompt": "a"} {}',
        b'{"prompt": "a"}x',
        b'{"prompt": "a", "seed": NaN}',
        b'{"prompt": "a", "seed": Infinity}',
        b'{"prompt": "a", "temperature": 1e999}',
        b'{"prompt": "a", "temperature": -1e999}',
        b'{"prompt": "a", "seed": ' + b"9" * 5_000 + b"}",
        b'{"prompt": "\\ud800"}',
        b'{"\\udfff": 1, "prompt": "a"}',
        b'{"prompt": "\xff"}',
        b'{"prompt": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"prompt": "a"}',
        '{"prompt": "a"}'.encode("utf-16"),
        '{"prompt": "a"}'.encode("utf-32"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"prompt=a",
    ],
)
def test_nothing_to_answer_is_said_in_the_words_clients_know(body):
    assert refusal(body).message == "Input must have at least 1 token."


def test_nesting_is_limited():
    def nested(depth):
        return b'{"prompt": "a", "x": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert parse(nested(64), completion=True).prompt == "a"
    for depth in (65, 66, 1_000):
        error = refusal(nested(depth))
        assert error.message == "The body must not nest deeper than 64"
        assert error.metadata["field"] == "body"


def test_brackets_in_words_are_not_nesting():
    assert chat(messages=[{"role": "user", "content": "[{" * 1_000}]).text_bytes == 2_000


def test_number_of_brackets_is_limited():
    error = refusal(b'{"prompt": "a", "x": [' + b"[]," * 500_000 + b"1]}")
    assert "at most 500000 brackets" in error.message


def test_duplicate_key_has_one_value_for_all():
    request = parse(b'{"prompt": "a", "model": "a/a", "model": "b/b"}', completion=True)
    assert request.model == "b/b"


def test_text_bytes_are_utf_8_and_count_schemas():
    assert chat(messages=[{"role": "user", "content": "né€😀"}]).text_bytes == 10
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"x": "y" * 100}}}
    assert chat(response_format=schema).text_bytes == 5 + len(orjson.dumps(schema))


def test_request_is_frozen_and_can_be_replaced():
    request = chat(model="a/b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.model = "c/d"
    assert type(request) is ChatRequest
    assert dataclasses.replace(request, model="c/d").model == "c/d"
    assert request.model == "a/b"


def test_repr_does_not_tell_what_the_caller_wrote():
    text = repr(
        chat(user="canary", stop="canary", messages=[{"role": "user", "content": "canary"}])
    )
    assert "canary" not in text
    assert "canary" not in repr(complete(prompt="canary"))


def test_parameters_of_two_requests_are_not_shared():
    assert chat().parameters is not chat().parameters
