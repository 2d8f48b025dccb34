"""The OpenAI dialect: how the answers of every kind of provider are read."""

from __future__ import annotations

import json

import pytest

from routing.adapters.openai import decode
from routing.chunk import Chunk, Turn, Usage


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
        event({"content": None, "token_id": 5, "of_this_provider_alone": 1}),
        event({"refusal": "no"}, "tool_calls"),
    )
    assert [(chunk.text, chunk.delta) for chunk in chunks] == [
        ("", {"tool_calls": calls}),
        ("", {"tool_calls": more}),
        ("", {"reasoning": "hm"}),
        ("", {"reasoning": "hm"}),
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
    assert turn.usage is None
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
