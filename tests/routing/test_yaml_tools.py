"""Tools for models that know none: what stands in their prompt."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import endpoint, provider

from routing.reading.tool_yaml import NotReadable, dump, load, settled
from routing.reading.tools import as_text, needs_text, offered
from routing.request import parse

WEATHER = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city, e.g. San Francisco, CA"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["location"],
    },
}
CLOCK = {"name": "clock"}
CALL = {
    "id": "call_9pw1qnYScqvGrCH58HWCvFH6",
    "type": "function",
    "function": {"name": "get_current_weather", "arguments": '{"location": "Boston, MA"}'},
}
TURNS = [
    {"role": "user", "content": "What is the weather like in Boston?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": CALL["id"], "content": '{"temperature": "22"}'},
]

AT_THE_END = """\
What is the weather like in Boston?

You can call these tools:

```yaml
tools:
- name: get_current_weather
  description: Get the current weather in a given location
  parameters:
    type: object
    properties:
      location:
        type: string
        description: "The city, e.g. San Francisco, CA"
      unit:
        type: string
        enum:
        - celsius
        - fahrenheit
    required:
    - location
- name: clock
```

To call one or more tools, answer with nothing but a YAML block of this form:

```yaml
tool_calls:
- name: the name of a tool
  arguments:
    name_of_an_argument: its value
```

If you need no tool, answer in words, without such a block."""
SAID = """\
```yaml
tool_calls:
- id: call_9pw1qnYScqvGrCH58HWCvFH6
  name: get_current_weather
  arguments:
    location: "Boston, MA"
```"""


def request(messages=None, tools=(WEATHER, CLOCK), **fields):
    body = {"messages": messages or TURNS[:1], **fields}
    if tools:
        body["tools"] = [{"type": "function", "function": tool} for tool in tools]
    return parse(json.dumps(body).encode(), completion=False)


def last(made):
    return made.messages[-1]["content"]


def test_tools_stand_as_yaml_at_the_end_of_the_prompt():
    assert last(as_text(request())) == AT_THE_END


def test_no_parameter_of_tools_remains():
    made = as_text(request(tool_choice="auto", parallel_tool_calls=True, temperature=0.5))
    assert made.parameters == {"temperature": 0.5}
    assert not made.has_tools


def test_who_must_call_is_told_so():
    assert last(as_text(request(tool_choice="required"))).endswith(
        "You must call one or more tools now."
    )
    named = {"type": "function", "function": {"name": "clock"}}
    text = last(as_text(request(tool_choice=named)))
    assert text.endswith("You must call the tool clock now.")
    assert "get_current_weather" not in text
    assert [function["name"] for function in offered(request(tool_choice=named))] == ["clock"]


def test_who_may_not_call_is_not_told_of_tools():
    assert as_text(request(tool_choice="none")).messages == tuple(TURNS[:1])


def test_one_call_at_most():
    text = last(as_text(request(parallel_tool_calls=False)))
    assert "Call one tool at most." in text
    assert "To call a tool," in text


def test_earlier_calls_and_results_are_words_of_the_same_form():
    made = as_text(request(TURNS))
    assert [message["role"] for message in made.messages] == ["user", "assistant", "user"]
    call, result = made.messages[1], last(made)
    assert call["content"] == SAID
    assert "tool_calls" not in call
    assert result.startswith(
        'Result of get_current_weather (call call_9pw1qnYScqvGrCH58HWCvFH6):\n{"temperature": "22"}'
        "\n\nYou can call these tools:"
    )


def test_results_and_what_the_user_says_then_are_one_message():
    parts = [
        {"type": "text", "text": "And this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    made = as_text(request([*TURNS, {"role": "user", "content": "Thanks."}]))
    assert len(made.messages) == 3
    assert '{"temperature": "22"}\n\nThanks.\n\nYou can' in last(made)
    made = as_text(request([*TURNS, {"role": "user", "content": parts}]))
    assert [part["type"] for part in last(made)] == ["text", "text", "image_url", "text"]
    assert made.image_count == 1


def test_names_are_not_lost_where_messages_become_one():
    made = as_text(request([{"role": "user", "name": "alice", "content": "A"}, TURNS[0]]))
    assert last(made).startswith("alice: A\n\nWhat is")


def test_words_beside_a_call_stay():
    said = {**TURNS[1], "content": "Let me look."}
    made = as_text(request([TURNS[0], said, TURNS[2]], tools=()))
    assert made.messages[1]["content"].startswith("Let me look.\n\n```yaml\ntool_calls:\n")


def test_arguments_that_are_no_json_are_kept_as_they_are():
    broken = {**CALL, "function": {"name": "clock", "arguments": "{broken"}}
    made = as_text(request([TURNS[0], {**TURNS[1], "tool_calls": [broken]}, TURNS[2]]))
    assert 'arguments: "{broken"' in made.messages[1]["content"]


def test_tools_stand_before_the_beginning_of_the_answer():
    beginning = {"role": "assistant", "content": "Well,"}
    made = as_text(request([*TURNS[:1], beginning]))
    assert made.messages[1] == beginning
    assert "You can call these tools" in made.messages[0]["content"]


def test_where_no_user_spoke_last_the_tools_are_a_message():
    made = as_text(request([{"role": "system", "content": "Be kind."}]))
    assert [message["role"] for message in made.messages] == ["system", "user"]
    assert last(made).startswith("You can call these tools")


def test_a_raw_prompt_ends_with_the_tools():
    body = {"prompt": "Hi", "tools": [{"type": "function", "function": CLOCK}]}
    made = as_text(parse(json.dumps(body).encode(), completion=True))
    assert made.prompt.startswith("Hi\n\nYou can call")
    assert made.text_bytes == len(made.prompt)


def test_what_is_weighed_is_what_is_sent():
    for asked in (request(), request(TURNS), request(TURNS, tools=()), request(TURNS * 2)):
        made = as_text(asked)
        assert made.text_bytes == sum(len(message["content"]) for message in made.messages)
        assert made.message_count == len(made.messages)


def test_the_callers_request_is_never_changed():
    asked, same = request(TURNS), request(TURNS)
    as_text(asked)
    assert asked == same


def test_only_endpoints_without_tools_need_text():
    able = frozenset({"tools"})
    assert needs_text(request(), endpoint())
    assert needs_text(request(TURNS, tools=()), endpoint())
    assert not needs_text(request(), endpoint(supported_parameters=able))
    assert not needs_text(request(tools=()), endpoint())
    refusing = provider(unsupported_parameters=able)
    assert needs_text(request(), endpoint(by=refusing, supported_parameters=able))


# --- YAML ----------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_the_same(value):
    assert settled(load(dump(value))) == value
    assert yaml.safe_load(dump(value)) == value


@pytest.mark.parametrize(
    "text, schema, value",
    [
        ("02139", {}, "02139"),
        ("2139", {"type": "string"}, "2139"),
        ("2139", {"type": ["string", "null"]}, "2139"),
        ("2139", {"type": "integer"}, 2139),
        ("no", {}, "no"),
        ("12:30", {}, "12:30"),
        ("2024-05-01", {}, "2024-05-01"),
        ("1e3", {}, 1000.0),
        ("-0.5", {}, -0.5),
        ("TRUE", {}, True),
        ("true", {"type": "string"}, "true"),
        ("null", {"type": ["string", "null"]}, None),
        ('""', {}, ""),
        ("'5'", {}, "5"),
        ("a: {zip: 1, n: 1}", {"properties": {"a": {"properties": {"zip": {"type": "string"}}}}},
         {"a": {"zip": "1", "n": 1}}),
        ("[1, b]", {"items": {"type": "string"}}, ["1", "b"]),
        ("a: |\n  x\n  y\n", {}, {"a": "x\ny\n"}),
        ("1: a", {}, {"1": "a"}),
    ],
)  # fmt: skip
def test_what_a_scalar_is_is_said_by_its_schema_else_by_its_looks(text, schema, value):
    found = settled(load(text), schema)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1", "a: *x", "a: !!python/object:os.system x", "a: !!str 1", "!!map {a: 1}",
        "a: [", "? [1]\n: 2", "a: 1\n---\nb: 2", "", "\x00", "[" * 64 + "]" * 64,
        "a: &a [x]\nb: &b [*a, *a]", "x" * 70_000,
    ],
)  # fmt: skip
def test_what_could_be_dangerous_or_is_no_yaml_is_not_read(text):
    with pytest.raises(NotReadable):
        settled(load(text))


def test_a_number_that_is_too_long_is_not_read():
    with pytest.raises(NotReadable):
        settled(load("1" * 5_000))
