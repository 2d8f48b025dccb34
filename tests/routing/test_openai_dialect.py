"""The OpenAI dialect: what we send to a provider and how we read what it answers."""

from __future__ import annotations

import copy
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import LLAMA, chat_request, endpoint, provider

from routing.adapters.openai import decode, decode_error, encode
from routing.chunk import Chunk, Failure, Turn, Usage
from routing.request import ChatRequest

# --- encode --------------------------------------------------------------------------------------

EVERYTHING = {
    "temperature": 0.5, "top_p": 0.9, "top_k": 40, "seed": 7, "stop": ["x"], "max_tokens": 99,
    "logit_bias": {"50256": -100}, "response_format": {"type": "json_object"},
}  # fmt: skip


def sent(request=None, max_tokens=64, by=None, **fields):
    """The path, and the body as a document."""
    made = encode(request or chat_request(), endpoint(by=by or provider(), **fields), max_tokens)
    return made.path, json.loads(made.body)


def body(*arguments, **fields):
    return sent(*arguments, **fields)[1]


def test_a_minimal_request():
    assert sent() == (
        "/chat/completions",
        {
            "model": "llama-3-8b",
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 64,
        },
    )


def test_only_supported_parameters_travel():
    request = chat_request(parameters=EVERYTHING)
    supported = frozenset({"temperature", "top_p", "seed", "max_tokens"})
    refusing = provider(unsupported_parameters=frozenset({"seed"}))
    document = body(request, by=refusing, supported_parameters=supported)
    assert set(document) == {"model", "messages", "temperature", "top_p", "max_tokens"}
    assert document["temperature"] == 0.5


def test_parameters_travel_under_the_names_of_the_provider():
    mistral = provider(parameter_renames={"seed": "random_seed", "max_tokens": "max_new_tokens"})
    request = chat_request(parameters=EVERYTHING)
    document = body(request, 12, by=mistral, supported_parameters=frozenset(EVERYTHING))
    assert document["random_seed"] == 7
    assert document["max_new_tokens"] == 12
    assert not {"seed", "max_tokens"} & set(document)


@pytest.mark.parametrize("supported", [frozenset(), frozenset({"max_tokens"})])
def test_max_tokens_is_what_the_hold_covers_not_what_was_asked(supported):
    request = chat_request(parameters={"max_tokens": 99}, max_tokens=99)
    assert body(request, 16, supported_parameters=supported)["max_tokens"] == 16
    assert "max_tokens" not in body(request, None, supported_parameters=supported)


def test_usage_is_asked_for_where_the_provider_lets_us():
    request = chat_request(stream=True)
    document = body(request)
    assert (document["stream"], document["stream_options"]) == (True, {"include_usage": True})
    document = body(request, by=provider(takes_stream_options=False))
    assert document["stream"] is True
    assert "stream_options" not in document
    assert not {"stream", "stream_options"} & set(body())
    assert (
        encode(request, endpoint(), 1).stream and not encode(chat_request(), endpoint(), 1).stream
    )


def test_parallel_tool_calls_travel_with_tools():
    request = chat_request(parameters={"tools": [{}], "parallel_tool_calls": False})
    assert not {"tools", "parallel_tool_calls"} & set(body(request))
    document = body(request, supported_parameters=frozenset({"tools"}))
    assert (document["tools"], document["parallel_tool_calls"]) == ([{}], False)


PARTS = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "x"}}]
NAMED = (
    {"role": "user", "name": "alice", "content": "hi"},
    {"role": "user", "name": "bob", "content": PARTS},
    {"role": "assistant", "name": "charlie", "content": None, "tool_calls": [{"id": "1"}]},
    {"role": "tool", "name": "weather", "tool_call_id": "1", "content": "rain"},
    {"role": "user", "content": "bye"},
)


def test_names_become_part_of_the_text_where_they_are_not_understood():
    assert body(chat_request(messages=NAMED))["messages"] == [
        {"role": "user", "content": "alice: hi"},
        {"role": "user", "content": [{"type": "text", "text": "bob: "}, *PARTS]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "name": "weather", "tool_call_id": "1", "content": "rain"},
        {"role": "user", "content": "bye"},
    ]
    document = body(chat_request(messages=NAMED), model_id="openai/gpt-4")
    assert document["messages"] == list(NAMED)


def test_a_prompt_goes_to_completions_or_becomes_a_message():
    request = ChatRequest(prompt="Once upon", is_completion=True)
    path, document = sent(request, by=provider(completions_path="/completions"))
    assert (path, document["prompt"], "messages" in document) == (
        "/completions",
        "Once upon",
        False,
    )
    path, document = sent(request)
    assert path == "/chat/completions"
    assert document["messages"] == [{"role": "user", "content": "Once upon"}]
    assert "prompt" not in document


def test_messages_become_a_prompt_where_there_is_no_chat():
    only_completes = provider(chat_path=None, completions_path="/completions")
    path, document = sent(chat_request(messages=NAMED), by=only_completes)
    assert (path, document["prompt"]) == ("/completions", "hi\n\nhi\n\n\n\nrain\n\nbye")


def test_the_callers_request_is_never_changed():
    for request in (
        chat_request(messages=copy.deepcopy(NAMED), parameters=copy.deepcopy(EVERYTHING)),
        ChatRequest(prompt="a", parameters=copy.deepcopy(EVERYTHING), stream=True),
    ):
        before = copy.deepcopy(request)
        for model_id in (LLAMA, "openai/gpt-4"):
            for paths in ({}, {"completions_path": "/c"}, {"chat_path": None}):
                encode(request, endpoint(model_id=model_id, by=provider(**paths)), 5)
        assert request == before


# --- decode --------------------------------------------------------------------------------------


def answered(*events, stream=True):
    """The chunks of these events, and what the turn remembers."""
    turn = Turn(stream=stream)
    chunks = [decode(raw(event), turn) for event in events]
    return [chunk for chunk in chunks if chunk is not None], turn


def raw(event):
    return event if isinstance(event, bytes) else json.dumps(event).encode()


def event(delta=None, finish=None, **fields):
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "up-1", "object": "chat.completion.chunk", "choices": [choice]} | fields


def counted(prompt=9, completion=2, **details):
    figures = {"prompt_tokens": prompt, "completion_tokens": completion}
    return figures | {"total_tokens": prompt + completion} | details


HELLO = [event({"role": "assistant", "content": ""}), event({"content": "Hel"})]
OPENAI = [
    *HELLO, event({"content": "lo"}), event({}, "stop"),
    {"id": "up-1", "choices": [], "usage": counted()}, b"[DONE]",
]  # fmt: skip
TOGETHER = [*HELLO, event({"content": "lo"}, "eos", usage=counted()), b"[DONE]"]
GROQ = [
    event({"role": "assistant", "content": ""}, x_groq={"id": "req_1"}), *HELLO[1:],
    event({"content": "lo"}), event({}, "stop", x_groq={"usage": counted()}), b"[DONE]",
]  # fmt: skip
PERPLEXITY = [
    event({"role": "assistant", "content": "Hel"}, usage=counted(9, 1)),
    event({"role": "assistant", "content": "lo"}, "stop", usage=counted(9, 2)),
]
NULLS = [
    event({"role": "assistant", "content": "Hello", "tool_calls": None}, usage=None),
    event({"content": None, "refusal": None}, "stop", usage=counted(), error=None),
]


@pytest.mark.parametrize("events", [OPENAI, TOGETHER, GROQ, PERPLEXITY, NULLS])
def test_text_finish_and_usage_of_every_style(events):
    chunks, turn = answered(*events)
    assert "".join(chunk.text for chunk in chunks) == "Hello"
    assert chunks[-1].finish_reason == "stop"
    assert [chunk.finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert all(chunk.delta is None for chunk in chunks)
    assert turn.usage == Usage(9, 2)
    assert turn.upstream_id == "up-1"
    assert turn.is_done == (events[-1] == b"[DONE]")


@pytest.mark.parametrize(
    "silent",
    [
        event({"role": "assistant"}),
        event({"role": "assistant", "content": ""}),
        event({"role": "assistant", "content": None, "tool_calls": []}),
        event({}),
        {"id": "1", "choices": [], "usage": counted()},
        {"id": "1", "choices": []},
        b"[DONE]",
    ],
)
def test_what_says_nothing_is_no_chunk(silent):
    assert answered(silent)[0] == []


def test_tool_calls_and_reasoning_travel_beside_the_text():
    calls = [{"index": 1, "id": "call_1", "type": "function", "function": {"name": "f"}}]
    more = [{"index": 1, "function": {"arguments": '{"a"'}}]
    chunks, _ = answered(
        event({"role": "assistant", "content": None, "tool_calls": calls}),
        event({"tool_calls": more}),
        event({"reasoning": "hm", "content": ""}),
        event({"reasoning_content": "hm"}),
        event({"refusal": "no"}, "tool_calls"),
    )
    assert [(chunk.text, chunk.delta) for chunk in chunks] == [
        ("", {"tool_calls": calls}),
        ("", {"tool_calls": more}),
        ("", {"reasoning": "hm"}),
        ("", {"reasoning_content": "hm"}),
        ("", {"refusal": "no"}),
    ]


def test_tool_calls_without_numbers_are_numbered():
    whole = {"function": {"name": "f", "arguments": "{}"}}
    chunks, _ = answered(event({"tool_calls": [whole, whole]}, "tool_calls"))
    assert [call["index"] for call in chunks[0].delta["tool_calls"]] == [0, 1]


@pytest.mark.parametrize(
    ("native", "finish"),
    [
        ("stop", "stop"), ("eos", "stop"), ("eos_token", "stop"), ("stop_sequence", "stop"),
        ("end_turn", "stop"), ("length", "length"), ("max_tokens", "length"),
        ("model_length", "length"), ("tool_calls", "tool_calls"), ("function_call", "tool_calls"),
        ("content_filter", "content_filter"), ("error", "error"), ("whatever is new", "stop"),
    ],
)  # fmt: skip
def test_finish_reasons_are_one_of_five(native, finish):
    (chunk,), turn = answered(event({}, native))
    assert (chunk.finish_reason, chunk.native_finish_reason) == (finish, native)
    assert turn.native_finish_reason == native


def test_logprobs_travel_with_their_text():
    logprobs = {"content": [{"token": "a", "logprob": -1.5}]}
    choice = {"index": 0, "delta": {"content": "a"}, "logprobs": logprobs, "finish_reason": None}
    assert answered({"choices": [choice]})[0] == [Chunk(text="a", logprobs=logprobs)]


def test_details_of_usage():
    details = {
        "completion_tokens_details": {"reasoning_tokens": 3},
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    _, turn = answered({"choices": [], "usage": counted(9, 5, **details)})
    assert turn.usage == Usage(9, 5, reasoning_tokens=3, cached_tokens=4)
    _, turn = answered({"choices": [], "usage": counted(0, 0)})
    assert turn.usage == Usage(0, 0)
    nulls = {"completion_tokens_details": None, "prompt_tokens_details": None}
    _, turn = answered({"choices": [], "usage": counted(9, 5, **nulls)})
    assert turn.usage == Usage(9, 5)


@pytest.mark.parametrize("figure", [-1, 2**31, 2**63, 10**30, 1.5, "9", True, None, [9]])
def test_figures_that_are_no_tokens_are_not_believed(figure):
    _, turn = answered(event({}, "stop"), {"choices": [], "usage": counted() | {
        "prompt_tokens": figure}})  # fmt: skip
    assert turn.usage is None
    _, turn = answered({"choices": [], "usage": counted() | {"completion_tokens": figure}})
    assert turn.usage == Usage(9, 0)
    odd = {"completion_tokens_details": {"reasoning_tokens": figure}}
    odd |= {"prompt_tokens_details": {"cached_tokens": figure}}
    _, turn = answered({"choices": [], "usage": counted() | odd})
    assert turn.usage == Usage(9, 2)


def test_good_usage_is_kept_when_bad_usage_follows():
    _, turn = answered(event({}, "stop", usage=counted()), {"choices": [], "usage": {"x": 1}})
    assert turn.usage == Usage(9, 2)


@pytest.mark.parametrize(
    ("message", "text", "delta"),
    [
        ({"role": "assistant", "content": "Hello"}, "Hello", None),
        ({"role": "assistant", "content": ""}, "", None),
        ({"role": "assistant", "content": "Hello", "refusal": None}, "Hello", None),
        ({"role": "assistant", "content": "4", "reasoning": "2+2"}, "4", {"reasoning": "2+2"}),
    ],
)
def test_a_whole_answer_is_a_stream_of_one_chunk(message, text, delta):
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    document = {"id": "up", "system_fingerprint": "fp", "choices": [choice], "usage": counted()}
    chunks, turn = answered(document, stream=False)
    assert chunks == [
        Chunk(text=text, delta=delta, finish_reason="stop", native_finish_reason="stop")
    ]
    assert (turn.upstream_id, turn.system_fingerprint, turn.usage) == ("up", "fp", Usage(9, 2))


def test_legacy_completions():
    choice = {"index": 0, "text": "Hello", "finish_reason": None, "logprobs": None}
    last = {"index": 0, "text": "", "finish_reason": "length"}
    chunks, _ = answered({"choices": [choice]}, {"choices": [last], "usage": counted()})
    assert chunks == [
        Chunk(text="Hello"),
        Chunk(finish_reason="length", native_finish_reason="length"),
    ]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("Overloaded", Failure(502, "Overloaded")),
        ({"message": "busy", "code": 429}, Failure(429, "busy")),
        ({"message": "busy", "code": "429"}, Failure(429, "busy")),
        ({"message": "busy", "code": "rate_limit_exceeded"}, Failure(502, "busy")),
        ({"message": "busy", "code": "rate_limit", "status": 429}, Failure(429, "busy")),
        ({"message": "bad", "code": 400}, Failure(400, "bad", permanent=True)),
        ({"message": "x", "code": 200}, Failure(502, "x")),
        ({"message": "x", "code": 1_000_000}, Failure(502, "x")),
        ({"message": "x", "code": True}, Failure(502, "x")),
        ({"detail": "down"}, Failure(502, "down")),
        ({"message": {"odd": 1}}, Failure(502, '{"odd":1}')),
        ({"type": "server_error"}, Failure(502, "")),
        (["odd"], Failure(502, '["odd"]')),
        (7, Failure(502, "7")),
    ],
)
@pytest.mark.parametrize("beside", [{}, {"choices": []}, event({"content": "x"})])
def test_an_error_among_the_events_is_a_failure(error, failure, beside):
    chunks, _ = answered({**beside, "error": error})
    assert chunks == [Chunk(failure=failure)]


RUBBISH = (ValueError, KeyError, TypeError, IndexError, AttributeError)


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"<html>", b'{"choices": [', b"null", b"7", b'"x"', b"[]", b"{}", b'{"choices": 1}',
        b'{"choices": "x"}', b'{"choices": {"a": 1}}', b'{"choices": [null]}', b'{"choices": [[]]}',
        b'{"choices": [{"delta": "x"}]}', b'{"choices": [{"delta": {"content": 5}}]}',
        b'{"choices": [{"delta": {"content": ["x"]}}]}',
        b'{"choices": [{"finish_reason": {"a":1}}]}',
        b'{"choices": [{"delta": {"tool_calls": 5}}]}',
        b'{"choices": [{"delta": {"tool_calls": [5]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": "f"}]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": {"name": 5}}]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": {"a": 1}}}]}}]}',
        b'{"choices": [], "usage": 5}', b'{"x_groq": 5}', b"\xff\xfe", b"[" * 100_000,
        b'{"choices": [], "usage": {"prompt_tokens": 1, "prompt_tokens_details": [1]}}',
    ],
)  # fmt: skip
def test_rubbish_raises_what_is_documented(rubbish):
    with pytest.raises(RUBBISH):
        decode(rubbish, Turn(stream=True))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5)
    | st.sampled_from(["stop", "assistant", "429"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["choices", "delta", "message", "content", "role", "tool_calls", "function", "name",
             "arguments", "finish_reason", "usage", "prompt_tokens", "completion_tokens", "error",
             "code", "x_groq", "completion_tokens_details", "reasoning_tokens", "id", "text"]
        ), inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from([None, "choices", "delta"]))
def test_whatever_json_comes_is_an_answer_or_documented_rubbish(document, inside):
    if inside == "delta":
        document = {"choices": [{"delta": document}]}
    elif inside == "choices":
        document = {"choices": [document]}
    turn = Turn(stream=True)
    try:
        chunk = decode(orjson.dumps(document), turn)
    except RUBBISH:
        return
    if turn.usage is not None:
        assert all(0 <= getattr(turn.usage, name) < 2**31 for name in Usage.__slots__)
    if chunk is not None:
        assert isinstance(chunk.text, str)
        assert chunk.text or chunk.delta or chunk.finish_reason or chunk.failure
        for call in (chunk.delta or {}).get("tool_calls") or ():
            function = call.get("function") or {}
            assert isinstance(function.get("arguments") or "", str)


# --- decode_error --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (429, b'{"error": {"message": "slow down", "code": 400}}', Failure(429, "slow down")),
        (400, b'{"error": {"message": "no"}}', Failure(400, "no", permanent=True)),
        (422, b'{"detail": [{"msg": "no"}]}', Failure(422, '[{"msg":"no"}]', permanent=True)),
        (500, b'{"error": "boom"}', Failure(500, "boom")),
        (500, b'{"message": "boom"}', Failure(500, "boom")),
        (500, b'{"error": null, "message": "boom"}', Failure(500, "boom")),
        (502, b'{"error": {"message": "full", "code": 429}}', Failure(429, "full")),
        (503, b'"busy"', Failure(503, "busy")),
        (503, b"[1]", Failure(503, "[1]")),
        (503, b"null", Failure(503, "null")),
        (503, b"{}", Failure(503, "")),
        (503, b"", Failure(503, "")),
        (400, b"<html>Bad Request</html>", Failure(400, "")),
        (502, b"\xff\x00", Failure(502, "")),
        (401, b'{"error": {"message": "bad key"}}', Failure(401, "bad key")),
        (
            413,
            b'{"error": {"message": "maximum context length is 4096"}}',
            Failure(400, "maximum context length is 4096", permanent=True),
        ),
    ],
)
def test_the_words_of_a_provider_that_refused(status, body, failure):
    assert decode_error(status, body) == failure
