"""Where the OpenAI-like providers differ: each quirk of a row, and what it does to a request."""

from __future__ import annotations

import json

import pytest
from routing_builders import chat_request, endpoint, provider

from catalog.validators import QUIRKS
from routing.adapters.openai import encode
from routing.request import ChatRequest

ABLE = frozenset(
    ["tools", "tool_choice", "response_format", "stop", "logprobs", "top_logprobs", "temperature"]
)  # fmt: skip
CALL = {"id": "call_9pw1qnYScqvGrCH58HWCvFH6", "type": "function", "function": {"name": "clock"}}
PREFILLED = ({"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "I am "})
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}


def sent(quirks, request=None, completions_path="/completions", **fields):
    by = provider(completions_path=completions_path, quirks=quirks)
    fields = {"supported_parameters": ABLE, "by": by} | fields
    made = encode(request or chat_request(), endpoint(**fields), None)
    return made.path, json.loads(made.body)


def body(quirks, **parameters):
    return sent(quirks, chat_request(parameters=parameters))[1]


def messages(quirks, *given, **fields):
    return sent(quirks, chat_request(messages=given, **fields))[1]["messages"]


def test_required_in_the_words_of_the_provider():
    quirks = {"tool_choice_required": "any"}
    assert body(quirks, tool_choice="required", tools=[{}])["tool_choice"] == "any"
    assert body(quirks, tool_choice="auto", tools=[{}])["tool_choice"] == "auto"
    assert body({}, tool_choice="required", tools=[{}])["tool_choice"] == "required"


def test_logprobs_as_a_number():
    assert body({"logprobs_integer": True}, logprobs=True)["logprobs"] == 1
    assert "logprobs" not in body({"logprobs_integer": True}, logprobs=False)
    assert body({}, logprobs=True)["logprobs"] is True


def test_no_more_stops_than_are_taken():
    stops = list("abcdef")
    assert body({"stop_max": 4}, stop=stops)["stop"] == list("abcd")
    assert body({}, stop=stops)["stop"] == stops
    assert stops == list("abcdef")


def test_a_response_format_that_is_not_known_is_left_out():
    quirks = {"response_types": ["json_object"]}
    assert "response_format" not in body(quirks, response_format=SCHEMA)
    kept = {"type": "json_object"}
    assert body(quirks, response_format=kept)["response_format"] == kept
    assert body({}, response_format=SCHEMA)["response_format"] == SCHEMA


def test_a_schema_beside_the_type():
    quirks = {"schema_beside_type": True}
    expected = {"type": "json_object", "schema": {"type": "object"}}
    assert body(quirks, response_format=SCHEMA)["response_format"] == expected
    bare = {"type": "json_schema", "json_schema": {"name": "a"}}
    assert body(quirks, response_format=bare)["response_format"] == {"type": "json_object"}


def test_ids_of_tool_calls_are_short_and_still_the_same():
    given = (
        {"role": "user", "content": "Time?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL, CALL | {"id": "abcDEF123"}]},
        {"role": "tool", "tool_call_id": CALL["id"], "content": "12:00"},
        {"role": "tool", "tool_call_id": "abcDEF123", "content": "13:00"},
    )
    made = messages({"tool_id_length": 9}, *given)
    first, second = (call["id"] for call in made[1]["tool_calls"])
    assert (first, second) == (made[2]["tool_call_id"], made[3]["tool_call_id"])
    assert len(first) == 9 and first.isalnum() and second == "abcDEF123"
    assert made == messages({"tool_id_length": 9}, *given)
    assert given[1]["tool_calls"][0]["id"] == CALL["id"]


def test_the_beginning_of_an_answer_is_marked():
    made = messages({"prefill": "prefix"}, *PREFILLED, prefill=True)
    assert made[-1] == {"role": "assistant", "content": "I am ", "prefix": True}
    assert "prefix" not in messages({"prefill": "prefix"}, *PREFILLED[:1])[-1]
    assert "prefix" not in PREFILLED[-1]


def test_the_user_asks_for_the_rest_where_he_must_speak_last():
    made = messages({"prefill": "ask", "alternates": True}, *PREFILLED, prefill=True)
    assert [message["role"] for message in made] == ["user", "assistant", "user"]
    assert "without repeating" in made[-1]["content"]


def test_turns_alternate():
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    made = messages(
        {"alternates": True},
        {"role": "assistant", "content": "Welcome."},
        {"role": "user", "content": "A"},
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "B"},
        {"role": "assistant", "content": "C"},
        {"role": "user", "content": "D"},
        {"role": "user", "content": [picture]},
    )
    assert made == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "..."},
        {"role": "assistant", "content": "Welcome."},
        {"role": "user", "content": "A\n\nB"},
        {"role": "assistant", "content": "C"},
        {"role": "user", "content": [{"type": "text", "text": "D"}, picture]},
    ]


def test_an_answer_is_continued_as_raw_text_where_chats_do_not():
    request = chat_request(
        messages=PREFILLED, prefill=True,
        parameters={"stop": ["x"], "logprobs": True, "top_logprobs": 3},
    )  # fmt: skip
    quirks = {"prefill": "template", "stop_max": 2}
    assert sent(quirks, request, instruct_type="mistral") == (
        "/completions",
        {
            "model": "llama-3-8b",
            "prompt": "[INST] Who are you? [/INST] I am ",
            "stop": ["x", "[INST]"],
            "logprobs": 3,
        },
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"instruct_type": None},
        {"instruct_type": "none"},
        {"instruct_type": "unheard-of"},
        {"instruct_type": "mistral", "completions_path": None},
    ],
)
def test_without_a_template_or_a_way_the_chat_has_to_do(fields):
    request = chat_request(messages=PREFILLED, prefill=True)
    path, document = sent({"prefill": "template"}, request, **fields)
    assert (path, document["messages"]) == ("/chat/completions", list(PREFILLED))


def test_pictures_and_tools_stay_in_the_chat():
    for fields in ({"image_count": 1}, {"has_tools": True, "parameters": {"tools": [{}]}}):
        request = chat_request(messages=PREFILLED, prefill=True, **fields)
        path, _ = sent({"prefill": "template"}, request, instruct_type="mistral")
        assert path == "/chat/completions"


def test_a_model_that_knows_no_messages_completes_their_texts():
    path, document = sent({}, chat_request(messages=PREFILLED), is_base=True, instruct_type="none")
    assert (path, document["prompt"]) == ("/completions", "Who are you?\n\nI am ")
    path, document = sent({}, is_base=True, instruct_type="chatml")
    assert document["prompt"].startswith("<|im_start|>user\nhi<|im_end|>")
    assert document["stop"] == ["<|im_end|>", "<|im_start|>"]


def test_a_raw_prompt_for_a_chat_is_a_message_where_only_base_models_complete():
    request = ChatRequest(prompt="Once upon", is_completion=True)
    quirks = {"completes_base_only": True}
    assert sent(quirks, request)[1]["messages"] == [{"role": "user", "content": "Once upon"}]
    assert sent(quirks, request, is_base=True)[1]["prompt"] == "Once upon"
    assert sent({}, request)[1]["prompt"] == "Once upon"


def test_a_completion_has_nothing_of_a_chat():
    given = {
        "tools": [{}], "tool_choice": "auto", "top_logprobs": 9, "logprobs": True,
        "response_format": {"type": "json_object"}, "temperature": 0.5,
    }  # fmt: skip
    request = ChatRequest(prompt="Once upon", is_completion=True, parameters=given)
    assert set(sent({}, request)[1]) == {
        "model", "prompt", "temperature", "logprobs", "response_format",
    }  # fmt: skip
    document = sent({}, request, model_id="openai/gpt-3.5-turbo-instruct")[1]
    assert set(document) == {"model", "prompt", "temperature", "logprobs"}
    assert document["logprobs"] == 5
    silent = ChatRequest(prompt="Once upon", parameters={"logprobs": False})
    assert "logprobs" not in sent({}, silent)[1]


def test_every_quirk_of_a_row_is_known():
    assert set(QUIRKS) == {
        "alternates", "completes_base_only", "logprobs_integer", "prefill", "response_types",
        "schema_beside_type", "stop_max", "tool_choice_required", "tool_id_length",
    }  # fmt: skip
