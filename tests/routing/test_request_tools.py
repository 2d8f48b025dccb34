"""Tools and the choice among them: handed on, never evaluated."""

from __future__ import annotations

import orjson
import pytest
from seed_tool import WEATHER

from openrouter_site.errors import BadRequest
from routing.request import parse

CHOOSE_WEATHER = {"type": "function", "function": {"name": "get_current_weather"}}


def hello():
    return [{"role": "user", "content": "Hello"}]


def chat(**fields):
    return parse(orjson.dumps({"messages": hello(), **fields}), completion=False)


REFUSED = [
    ("tools", {}, "must be an array"),
    ("tools", [WEATHER] * 129, "at most 128"),
    ("tools[0]", ["a"], "must be"),
    ("tools[0]", [{"type": "openrouter:web_search"}], "must be"),
    ("tools[1].function", [WEATHER, {"type": "function"}], "must be an object with name"),
    ("tools[0].function.name", [{"type": "function", "function": {}}], "1 to 64 letters"),
    (
        "tools[0].function.name",
        [{"type": "function", "function": {"name": "a b"}}],
        "1 to 64 letters",
    ),
    (
        "tools[0].function.name",
        [{"type": "function", "function": {"name": "a" * 65}}],
        "1 to 64 letters",
    ),
    (
        "tools[0].function.name",
        [{"type": "function", "function": {"name": "a\n"}}],
        "1 to 64 letters",
    ),
    (
        "tools[0].function.parameters",
        [{"type": "function", "function": {"name": "a", "parameters": []}}],
        "must be an object",
    ),
    (
        "tools[0].function.description",
        [{"type": "function", "function": {"name": "a", "description": 1}}],
        "must be a string",
    ),
    (
        "tools",
        [{"type": "function", "function": {"name": "a", "description": "x" * 1_000_001}}],
        "at most 1000000 bytes",
    ),
    ("tool_choice", "required", "send tools"),
    ("tool_choice", CHOOSE_WEATHER, "send tools"),
    ("tool_choice", "any", "must be none, auto, required or"),
    ("tool_choice", {"type": "function"}, "must be none, auto, required or"),
    ("tool_choice", ["auto"], "must be none, auto, required or"),
    ("parallel_tool_calls", "yes", "must be true or false"),
]


@pytest.mark.parametrize(("field", "value", "words"), REFUSED)
def test_value_is_refused_by_the_name_of_its_field(field, value, words):
    top = field.partition(".")[0].partition("[")[0]
    with pytest.raises(BadRequest) as caught:
        chat(**{top: value})
    assert caught.value.metadata["field"] == field
    assert caught.value.message.startswith(field)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "tool", [WEATHER, {"type": "function", "function": {"name": "a.b-c_D9", "strict": True}}]
)
def test_valid_tool_is_kept_as_sent(tool):
    request = chat(tools=[tool])
    assert request.parameters == {"tools": [tool]}
    assert request.has_tools
    assert request.text_bytes == 5 + len(orjson.dumps([tool]))


@pytest.mark.parametrize("choice", ["none", "auto", "required", CHOOSE_WEATHER])
def test_tool_choice_is_kept_beside_its_tool(choice):
    request = chat(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False)
    assert request.parameters["tool_choice"] == choice
    assert request.parameters["parallel_tool_calls"] is False
    assert request.has_tools


def test_tool_choice_must_name_one_of_the_tools():
    chosen = {"type": "function", "function": {"name": "get_time"}}
    with pytest.raises(BadRequest) as caught:
        chat(tools=[WEATHER], tool_choice=chosen)
    assert caught.value.metadata["field"] == "tool_choice.function.name"


def test_unknown_keys_of_a_tool_are_dropped():
    tool = {"type": "function", "api_key": "x", "function": {"name": "a", "url": "http://x"}}
    expected = [{"type": "function", "function": {"name": "a"}}]
    assert chat(tools=[tool]).parameters["tools"] == expected


def test_hostile_schema_is_handed_on_and_never_evaluated():
    schema = {"$ref": "#", "pattern": "(a+)+$", "properties": {"a": {"$ref": "#/properties/a"}}}
    tool = {"type": "function", "function": {"name": "a", "parameters": schema}}
    assert chat(tools=[tool]).parameters["tools"] == [tool]
