"""The Anthropic dialect: what we send. Whole cases are in tests/fixtures/anthropic."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import chat_request, endpoint, provider

from routing.adapters.anthropic import encode
from routing.formats.anthropic_messages import tool_id
from routing.request import ChatRequest

CLAUDE = provider("Anthropic", chat_path="/messages", completions_path="/complete")
EVERYTHING = frozenset({"temperature", "top_p", "top_k", "stop", "tools", "tool_choice"})
TOOL = {"type": "function", "function": {"name": "get_time"}}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "noon"}


def said(role, content, **fields):
    return {"role": role, "content": content, **fields}


def sent(*messages, max_tokens=64, model="claude-3-opus-20240229", request=None, **fields):
    request = request or chat_request(messages=messages, **fields)
    place = endpoint(
        by=CLAUDE, upstream_model=model, model_id="anthropic/claude-3-opus",
        supported_parameters=EVERYTHING, max_completion_tokens=fields.get("completion"),
    )  # fmt: skip
    return json.loads(encode(request, place, max_tokens).body)


def turns(*messages, **fields):
    """The turns in short: role and texts, or the type of what is no text."""
    return [
        (turn["role"], *(block.get("text", block["type"]) for block in turn["content"]))
        for turn in sent(*messages, **fields)["messages"]
    ]


def test_system_messages_stand_apart_wherever_they_were():
    body = sent(said("system", "One"), said("user", "hi"), said("system", "Two"))
    assert body["system"] == "One\n\nTwo"
    assert [turn["role"] for turn in body["messages"]] == ["user"]


def test_system_parts_that_are_cached_stay_parts():
    part = {"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}
    body = sent(said("system", [part]), said("system", "short"), said("user", "hi"))
    assert body["system"] == [part, {"type": "text", "text": "short"}]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (
            [said("user", "a"), said("user", "b"), said("assistant", "c"), said("user", "d")],
            [("user", "a", "b"), ("assistant", "c"), ("user", "d")],
        ),
        (
            [said("assistant", "a"), said("user", "b")],
            [("user", "."), ("assistant", "a"), ("user", "b")],
        ),
        ([said("system", "only this")], [("user", ".")]),
        (
            [said("user", "a"), said("assistant", "b"), said("user", " ")],
            [("user", "a"), ("assistant", "b"), ("user", ".")],
        ),
        (
            [said("user", "a"), said("assistant", "b"), said("system", "c")],
            [("user", "a"), ("assistant", "b"), ("user", ".")],
        ),
        ([said("user", "a"), said("assistant", "b \n")], [("user", "a"), ("assistant", "b")]),
        ([said("user", "a"), said("assistant", " \n")], [("user", "a")]),
        (
            [said("user", "a"), said("assistant", "b "), said("user", "c")],
            [("user", "a"), ("assistant", "b "), ("user", "c")],
        ),
        (
            [said("user", [{"type": "text", "text": t} for t in ("", " ", "a", "\n", "b")])],
            [("user", "a", "b")],
        ),
        ([said("user", "hi", name="bob")], [("user", "bob: hi")]),
        (
            [said("user", "a"), said("assistant", None, refusal="No."), said("user", "b")],
            [("user", "a"), ("assistant", "No."), ("user", "b")],
        ),
        (
            [said("user", "a"), CALL, said("user", "wait"), RESULT],
            [("user", "a"), ("assistant", "tool_use"), ("user", "tool_result", "wait")],
        ),
    ],
)
def test_turns_alternate_and_say_something(messages, expected):
    assert turns(*messages) == expected


ROLES = st.sampled_from(["system", "user", "assistant"])
CONTENTS = st.sampled_from(["", " ", "\n", "a", " b ", "c\t"])


@given(st.lists(st.builds(said, ROLES, CONTENTS), min_size=1, max_size=8))
def test_any_conversation_becomes_one_that_the_api_takes(messages):
    found = sent(*messages)["messages"]
    roles = [turn["role"] for turn in found]
    assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
    texts = [block["text"] for turn in found for block in turn["content"]]
    assert all(text.strip() for text in texts)
    if roles[-1] == "assistant":
        assert messages[-1]["role"] == "assistant"
        assert texts[-1] == texts[-1].rstrip()
    words = [message["content"].strip() for message in messages if message["role"] != "system"]
    assert [text.strip() for text in texts if text != "."] == list(filter(None, words))


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ('{"a": 1}', {"a": 1}), ("", {}), ("  ", {}), ("[1]", {"arguments": "[1]"}),
        ("null", {"arguments": "null"}), ('{"a": ', {"arguments": '{"a": '}),
    ],
)  # fmt: skip
def test_arguments_become_an_object(arguments, made):
    call = {"id": "call_1", "function": {"name": "get_time", "arguments": arguments}}
    body = sent(said("user", "a"), said("assistant", None, tool_calls=[call]), RESULT)
    assert body["messages"][1]["content"][0]["input"] == made


def test_ids_of_calls_are_in_letters_that_the_api_takes():
    assert tool_id("call_abc-1") == "call_abc-1"
    odd = [tool_id(each) for each in ("a.b", "a:b", "a_b", "x" * 65, "x" * 66, "é", "\ud800")]
    assert len(set(odd)) == len(odd)
    assert all(len(each) <= 64 and each.replace("-", "_").isidentifier() for each in odd)
    assert tool_id("a.b") == odd[0]


def test_tools_that_were_called_are_defined_even_when_none_are_offered():
    body = sent(said("user", "a"), CALL, RESULT)
    assert body["tools"] == [
        {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}
    ]
    assert body["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    ("parameters", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"parallel_tool_calls": True}, None),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            {"type": "tool", "name": "get_time"},
        ),
    ],
)
def test_the_choice_of_a_tool(parameters, choice):
    body = sent(said("user", "a"), parameters={"tools": [TOOL], **parameters})
    assert body.get("tool_choice") == choice


def test_a_schema_says_that_it_is_of_an_object():
    tool = {"type": "function", "function": {"name": "f", "parameters": {"properties": {}}}}
    body = sent(said("user", "a"), parameters={"tools": [tool]})
    assert body["tools"][0]["input_schema"] == {"type": "object", "properties": {}}


def test_a_limit_is_always_sent():
    assert sent(said("user", "a"), max_tokens=7)["max_tokens"] == 7
    assert sent(said("user", "a"), max_tokens=None)["max_tokens"] == 4096
    place = endpoint(by=CLAUDE, max_completion_tokens=8192)
    assert json.loads(encode(chat_request(), place, None).body)["max_tokens"] == 8192


def test_what_is_not_supported_does_not_travel():
    parameters = {"temperature": 2, "seed": 1, "logit_bias": {"1": 1}, "stop": ["\n"]}
    body = sent(said("user", "a"), parameters=parameters)
    assert set(body) == {"model", "messages", "max_tokens", "temperature"}
    assert body["temperature"] == 1
    by = provider("Anthropic", unsupported_parameters=frozenset({"temperature"}))
    request = chat_request(parameters={"temperature": 0.5})
    body = json.loads(encode(request, endpoint(by=by), 5).body)
    assert "temperature" not in body


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("hi", "\n\nHuman: hi\n\nAssistant:"),
        ("\n\nHuman: hi", "\n\nHuman: hi\n\nAssistant:"),
        ("\n\nHuman: hi\n\nAssistant:", "\n\nHuman: hi\n\nAssistant:"),
        ("Be brief.\n\nHuman: hi", "Be brief.\n\nHuman: hi\n\nAssistant:"),
        ("\n\nHuman: hi\n\nAssistant: So, ", "\n\nHuman: hi\n\nAssistant: So,"),
        (
            "\n\nHuman: a\n\nAssistant: b\n\nHuman: c",
            "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:",
        ),
    ],
)
@pytest.mark.parametrize("model", ["claude-2.1", "claude-2", "claude-instant-1.2"])
def test_raw_prompts_of_old_models_become_a_dialogue(model, prompt, text):
    assert sent(request=ChatRequest(prompt=prompt), model=model)["prompt"] == text


def test_raw_prompts_of_new_models_become_a_message():
    body = sent(request=ChatRequest(prompt="hi"))
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
