"""Messages: roles, parts, images, tool calls."""

from __future__ import annotations

import orjson
import pytest
from picture_builders import data_url, jpeg, png, webp

from openrouter_site.errors import BadRequest
from routing.request import parse

PIXEL = data_url(png())


def chat(*messages):
    return parse(orjson.dumps({"messages": messages}), completion=False)


def user(content="Hello", **keys):
    return {"role": "user", "content": content, **keys}


def call(call_id="call_1", **keys):
    function = {"name": "get_time", "arguments": "{}"}
    return {"id": call_id, "type": "function", "function": function, **keys}


def calling(*calls, content=None):
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def answer(call_id="call_1", content="12:00"):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def image(url=PIXEL, **keys):
    return {"type": "image_url", "image_url": {"url": url, **keys}}


def words(text="Hi", **keys):
    return {"type": "text", "text": text, **keys}


REFUSED = [
    ([None], "messages[0]", "must be an object"),
    ([["user", "Hello"]], "messages[0]", "must be an object"),
    ([{"content": "a"}], "messages[0].role", "must be one of system, user"),
    ([{"role": "function", "content": "a"}], "messages[0].role", "must be one of"),
    ([{"role": ["user"], "content": "a"}], "messages[0].role", "must be one of"),
    ([{"role": "user"}], "messages[0].content", "must be a string or an array"),
    ([user(5)], "messages[0].content", "must be a string or an array"),
    ([user(None)], "messages[0].content", "must be a string or an array"),
    ([user({})], "messages[0].content", "must be a string or an array"),
    ([user([])], "messages[0].content", "1 to 1000 parts"),
    ([user([words()] * 1001)], "messages[0].content", "1 to 1000 parts"),
    ([user(), user(["a"])], "messages[1].content[0]", 'type "text" or "image_url"'),
    ([user([{"type": "input_audio"}])], "messages[0].content[0]", 'type "text" or "image_url"'),
    ([user([{"type": ["text"]}])], "messages[0].content[0]", 'type "text" or "image_url"'),
    ([user([words(5)])], "messages[0].content[0].text", "must be a string"),
    ([user([words(cache_control="x")])], "messages[0].content[0].cache_control", "ephemeral"),
    (
        [user([words(cache_control={"type": "ephemeral", "ttl": "9d"})])],
        "messages[0].content[0].cache_control.ttl",
        "5m, 1h",
    ),
    ([user([{"type": "image_url"}])], "messages[0].content[0].image_url", "object with url"),
    ([user([image(detail="original")])], "messages[0].content[0].image_url.detail", "auto, low"),
    ([user(name="x" * 65)], "messages[0].name", "1 to 64"),
    ([user(name=5)], "messages[0].name", "1 to 64"),
    ([user(name="")], "messages[0].name", "1 to 64"),
    ([user(name="a\nb")], "messages[0].name", "printable"),
    ([user(), {"role": "assistant", "content": None}], "messages[1].content", "tool_calls"),
    ([user(), {"role": "assistant"}], "messages[1].content", "tool_calls"),
    ([user(), {"role": "assistant", "content": None, "name": "a"}], "messages[1].content", "null"),
    ([user(), calling()], "messages[1].content", "tool_calls"),
    ([user(), calling() | {"tool_calls": {}}], "messages[1].tool_calls", "must be an array"),
    ([user(), calling(*[call()] * 129)], "messages[1].tool_calls", "at most 128"),
    ([user(), calling("call_1")], "messages[1].tool_calls[0]", "must be"),
    ([user(), calling(call(type="code"))], "messages[1].tool_calls[0]", "must be"),
    ([user(), calling(call(call_id=5))], "messages[1].tool_calls[0].id", "must be a string"),
    ([user(), calling(call(call_id=""))], "messages[1].tool_calls[0].id", "must be a string"),
    (
        [user(), calling(call(), call(function=None))],
        "messages[1].tool_calls[1].function",
        "name and arguments",
    ),
    (
        [user(), calling(call(function={"name": "", "arguments": "{}"}))],
        "messages[1].tool_calls[0].function.name",
        "must be a string",
    ),
    (
        [user(), calling(call(function={"name": "a", "arguments": {}}))],
        "messages[1].tool_calls[0].function.arguments",
        "must be a string of JSON",
    ),
    ([user(), answer()], "messages[1].tool_call_id", "earlier assistant message"),
    ([user(), answer(), calling(call())], "messages[1].tool_call_id", "earlier"),
    ([user(), calling(call()), answer("call_2")], "messages[2].tool_call_id", "earlier"),
    ([user(), calling(call()), answer(None)], "messages[2].tool_call_id", "earlier"),
    ([user(), calling(call()), answer([])], "messages[2].tool_call_id", "earlier"),
    ([user(), calling(call()), answer(content=None)], "messages[2].content", "must be a string"),
    (
        [user(), calling(call()), answer(content=[image()])],
        "messages[2].content[0]",
        "only user messages take images",
    ),
    ([{"role": "system", "content": [image()]}], "messages[0].content[0]", "only user messages"),
    (
        [user(), {"role": "assistant", "content": None, "refusal": 5}],
        "messages[1].refusal",
        "must be a string",
    ),
    (
        [user(), {"role": "assistant", "content": "a", "reasoning": {}}],
        "messages[1].reasoning",
        "must be a string",
    ),
    (
        [user(), {"role": "assistant", "content": "a", "reasoning_details": ["a"]}],
        "messages[1].reasoning_details",
        "array of objects",
    ),
    (
        [user(), {"role": "assistant", "content": "a", "function_call": "a"}],
        "messages[1].function_call",
        "name and arguments",
    ),
]


@pytest.mark.parametrize(("messages", "field", "expected"), REFUSED)
def test_message_is_refused_by_its_place_and_key(messages, field, expected):
    with pytest.raises(BadRequest) as caught:
        chat(*messages)
    assert caught.value.metadata == {"field": field} | caught.value.metadata
    assert caught.value.message.startswith(field)
    assert expected in caught.value.message


@pytest.mark.parametrize(
    "message",
    [
        user(),
        user(name="alice"),
        user([words(), image(), image("https://example.com/a.png", detail="low")]),
        user([words(cache_control={"type": "ephemeral", "ttl": "1h"})]),
        user([image("http://8.8.8.8/a"), image("https://[2606:4700::1]:8443/a?b#c")]),
        user([image(data_url(jpeg(), "image/jpeg")), image(data_url(webp(), "image/webp"))]),
        {"role": "system", "content": "Be kind."},
        {"role": "assistant", "content": "Hello"},
        {"role": "assistant", "content": "Hello", "name": "bob", "refusal": "no"},
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "assistant", "content": "", "tool_calls": [call()]},
        {"role": "assistant", "content": None, "function_call": {"name": "a", "arguments": ""}},
        {
            "role": "assistant",
            "content": "a",
            "reasoning": "because",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 0}],
        },
        calling(call(), call("call_2"), content="Let me see"),
    ],
)
def test_valid_message_is_kept_whole(message):
    assert chat(user(), message).messages[1] == message


def test_conversation_with_tools_is_kept_in_order():
    messages = (user(), calling(call(), call("call_2")), answer("call_2"), answer(), user("Thanks"))
    assert chat(*messages).messages == messages


def test_developer_is_a_system_message():
    assert chat({"role": "developer", "content": "Be kind."}, user()).messages[0] == {
        "role": "system",
        "content": "Be kind.",
    }


def test_unknown_and_null_keys_are_dropped():
    replayed = {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
        "tool_calls": None,
        "function_call": None,
        "audio": None,
        "reasoning_details": [],
        "name": None,
        "annotations": [{"type": "url_citation"}],
        "model": "openai/gpt-4o",
    }
    assert chat(user(api_key="x"), replayed).messages == (
        user(),
        {"role": "assistant", "content": "Hello"},
    )
    assert chat(user(tool_calls=[1], tool_call_id="x")).messages == (user(),)


def test_unknown_keys_of_parts_and_calls_are_dropped():
    part = words(cache_control={"type": "ephemeral", "x": 1}, annotations=[])
    messages = chat(user([part, image(x=1) | {"y": 2}]), calling(call(index=0))).messages
    assert messages[0] == user([words(cache_control={"type": "ephemeral"}), image()])
    assert messages[1] == calling(call())


def test_call_without_a_type_is_a_function():
    without = call()
    del without["type"]
    assert chat(user(), calling(without)).messages[1] == calling(call())


@pytest.mark.parametrize("role", ["system", "developer", "assistant"])
def test_text_parts_of_other_roles_become_one_string(role):
    message = {"role": role, "content": [words("Be "), words("kind.")]}
    assert chat(message, user()).messages[0]["content"] == "Be kind."


def test_text_parts_of_a_tool_become_one_string():
    messages = chat(user(), calling(call()), answer(content=[words("12"), words(":00")])).messages
    assert messages[2] == answer()


@pytest.mark.parametrize(
    ("last", "prefill"),
    [
        ({"role": "assistant", "content": "My best guess is"}, True),
        (calling(call()), False),
        (user("Hello?"), False),
    ],
)
def test_last_assistant_message_is_a_prefill_unless_it_calls(last, prefill):
    assert chat(user(), last).prefill is prefill


def test_messages_are_weighed():
    request = chat(
        user("né", name="bob"),
        calling(call("id1"), content="ab"),
        answer("id1", content="ok"),
        user([words("xyz"), image(), image()]),
    )
    called = len("id1" + "get_time" + "{}")
    assert request.text_bytes == 3 + 3 + 2 + called + len("id1" + "ok") + 3
    assert request.image_count == 2
    assert request.message_count == 4


def test_image_alone_is_an_input():
    assert chat(user([image()])).image_count == 1
