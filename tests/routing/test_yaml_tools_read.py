"""Calls of tools read from the words of a model, also while they stream."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from routing_builders import chat_request

from routing.chunk import Chunk, Failure
from routing.reading.tool_reader import ToolReader

TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {
        "type": "object", "properties": {"zip": {"type": "string"}, "days": {"type": "integer"}}}}},
    {"type": "function", "function": {"name": "clock"}},
]  # fmt: skip
BOSTON = ("get_weather", {"location": "Boston, MA"})
FENCED = '```yaml\ntool_calls:\n- name: get_weather\n  arguments:\n    location: "Boston, MA"\n```'
BARE = FENCED[8:-4]
JSON = '{"tool_calls": [{"name": "get_weather", "arguments": {"location": "Boston, MA"}}]}'


def reader(**parameters):
    numbers = itertools.count(1)
    request = chat_request(parameters={"tools": TOOLS, **parameters}, has_tools=True)
    return ToolReader(request, lambda: f"call_{next(numbers)}")


def fed(texts, finish_reason="stop", **parameters):
    made = reader(**parameters)
    chunks = [chunk for text in texts for chunk in made.feed(Chunk(text))]
    if finish_reason:
        last = Chunk(finish_reason=finish_reason, native_finish_reason="eos")
        chunks += made.feed(last)
    return [*chunks, *made.finish()]


def told(*texts, finish_reason="stop", **parameters):
    """Text, calls and finish reason of an answer that came in these pieces."""
    chunks = fed(texts, finish_reason, **parameters)
    calls = [call for chunk in chunks for call in (chunk.delta or {}).get("tool_calls", ())]
    assert [call["index"] for call in calls] == list(range(len(calls)))
    assert [call["id"] for call in calls] == [f"call_{n}" for n, _ in enumerate(calls, 1)]
    functions = [call["function"] for call in calls]
    return (
        "".join(chunk.text for chunk in chunks),
        [(function["name"], json.loads(function["arguments"])) for function in functions],
        chunks[-1].finish_reason if chunks else None,
    )


def test_a_call_becomes_a_call():
    chunks = fed([FENCED])
    function = {"name": "get_weather", "arguments": '{"location": "Boston, MA"}'}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    assert chunks == [
        Chunk(delta={"tool_calls": [call]}),
        Chunk(finish_reason="tool_calls", native_finish_reason="eos"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        FENCED,
        BARE,
        f" {FENCED}\n",
        f"\n\n{BARE}\n",
        FENCED.replace("yaml", ""),
        FENCED.replace("\n", "\r\n"),
        FENCED.removesuffix("\n```"),
        f"```json\n{JSON}\n```",
        JSON,
        '[\n  {"name": "get_weather", "arguments": {"location": "Boston, MA"}}\n]',
        '{"name": "get_weather", "parameters": {"location": "Boston, MA"}}',
        '{"tool_calls": [{"type": "function", "function": {"name": "get_weather", "arguments":'
        ' "{\\"location\\": \\"Boston, MA\\"}"}}]}',
        "```yaml\n- name: get_weather\n  arguments:\n    location: Boston, MA\n```",
        "```yaml\nname: get_weather\narguments:\n  location: Boston, MA\n```",
        "```\ntool_calls: [{name: get_weather, arguments: {location: 'Boston, MA'}}]\n```",
        "tool_calls:\n  - id: x\n    name: 'get_weather'\n    arguments: {location: 'Boston, MA'}",
    ],
)  # fmt: skip
def test_forms_of_a_call(text):
    assert told(text) == ("", [BOSTON], "tool_calls")
    assert told(*text) == ("", [BOSTON], "tool_calls")


def test_several_calls_in_one_block():
    text = f"{BARE}\n- name: clock\n  arguments: {{}}\n- name: clock"
    assert told(text)[1] == [BOSTON, ("clock", {}), ("clock", {})]
    assert told(text, parallel_tool_calls=False)[1] == [BOSTON]


def test_several_blocks_with_words_between():
    text = f"First.\n\n{FENCED}\n\nThen.\n\n{FENCED}\n{FENCED}\n"
    assert told(text) == ("First.\n\n\n\nThen.\n\n", [BOSTON] * 3, "tool_calls")


def test_words_around_a_call_stay():
    assert told(f"Let me look.\n{BARE}\n\nOne moment.") == (
        "Let me look.\nOne moment.", [BOSTON], "tool_calls",
    )  # fmt: skip


def test_text_before_a_call_is_not_held_back():
    made = reader()
    assert made.feed(Chunk("Let me look. ")) == [Chunk("Let me look. ")]
    assert made.feed(Chunk("Now:\n`")) == [Chunk("Now:\n")]
    assert made.feed(Chunk("a")) == [Chunk("`a")]


def test_arguments_are_of_the_types_of_the_schema():
    text = "tool_calls:\n- name: get_weather\n  arguments:\n    zip: 2139\n    days: 2\n"
    assert told(text)[1] == [("get_weather", {"zip": "2139", "days": 2})]


NO_CALLS = [
    "Hello.", "", " ", "\n", "```", "``", "`x`", "tool_calls", "tool_calls:", "tool_calls: none",
    "tool_calls:\n- name: unknown\n  arguments: {}", "```yaml\na: 1\n```\n",
    "```python\ntool_calls:\n- name: clock\n```\nDone.", "```inline``` words\n" * 2,
    '{"name": "alice"}', '{"tool_calls": []}', "[1, 2]", "{", "tool_calls:\n- name: [clock\n",
    "tool_calls:\n- name: clock\n  arguments: [1]", "tool_calls:\n- name: clock\n  arguments: x\n",
    "tool_calls:\n- &a\n  name: clock\n", "a\n\n\n", "```yaml\n\n\n```\n", "```\n```\n```",
    "text\ntool_calling is useful", "tool_calls:\n- name: clock\n  arguments: {a: .nan}}",
    '{"name":"clock","arguments":' + "[" * 1000 + "]" * 1000 + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_CALLS)
def test_what_is_no_call_passes_unchanged(text):
    assert told(*text) == (text, [], "stop")
    whole = Chunk(text, finish_reason="stop", native_finish_reason="eos", logprobs={"content": []})
    assert reader().feed(whole) == [whole]


def test_a_call_that_was_cut_off_is_none():
    assert told(FENCED.removesuffix("\n```"), finish_reason="length") == (
        FENCED.removesuffix("\n```"), [], "length",
    )  # fmt: skip
    assert told(BARE, finish_reason=None) == (BARE, [], None)
    # One that was whole before is one.
    assert told(f"{FENCED}\nAnd", finish_reason="length") == ("\nAnd", [BOSTON], "length")


def test_a_failure_releases_what_was_held():
    made = reader()
    assert made.feed(Chunk(BARE)) == []
    failed = Chunk(failure=Failure(502, "gone"))
    assert made.feed(failed) == [Chunk(BARE), failed]


def test_without_a_choice_nothing_is_a_call():
    assert told(FENCED, tool_choice="none") == (FENCED, [], "stop")
    chosen = {"type": "function", "function": {"name": "clock"}}
    assert told(FENCED, tool_choice=chosen) == (FENCED, [], "stop")


def test_everything_beside_the_text_passes_at_once():
    made = reader()
    assert made.feed(Chunk(BARE)) == []
    reasoning = Chunk(delta={"reasoning": "Hm"})
    assert made.feed(reasoning) == [reasoning]


@pytest.mark.parametrize(
    "text",
    [
        "tool_calls:\n" + "- name: clock\n" * 6_000 + "\nEnd.\n" + BARE,
        "```\ntool_calls:\n" + "- name: clock\n" * 6_000 + "```\nEnd.\n" + BARE,
        "\n \n```yaml\ntool_calls:\n" + "a\n" * 40_000 + "```" + " " * 50 + "\n" + BARE,
        '{"tool_calls": [' + '{"name": "clock"},' * 5_000 + "{}]}\n" + BARE,
        " " * 70_000 + BARE,
    ],
)
def test_what_is_too_long_is_text(text):
    whole = told(text)
    assert whole[0].startswith(text[:60_000])
    assert told(*(text[at : at + 7] for at in range(0, len(text), 7))) == whole


PIECES = st.sampled_from(
    [
        "```", "yaml", "\n", "\n\n", " ", "  ", "tool_calls:", "- name: clock", "Hello", "`", "{",
        "- name: get_weather", "\n  arguments:", "\n    zip: 1", "\n```\n", '"name":', '"clock"',
        "}", "[", "]", FENCED, BARE, '{"name": "clock"}', "```python\n", "- ", "x: y", "\r\n", "#",
        "-", "tool", "_",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 400), max_size=30))
@example(["```", "\n", "```", "\n"], [1, 2, 3])
def test_any_cut_gives_the_same(pieces, places):
    text = "".join(pieces)
    cuts = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    parts = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    whole = told(text)
    assert told(*parts) == whole
    assert told(*text) == whole
    if not whole[1]:
        assert whole[0] == text


@given(st.text(), st.lists(st.integers(0, 400), max_size=8))
def test_ordinary_text_passes_unchanged(text, places):
    cuts = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    parts = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    assert told(*parts, finish_reason=None)[0] == text
