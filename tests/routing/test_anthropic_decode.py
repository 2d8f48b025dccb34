"""The Anthropic dialect: what we read. Whole answers are in tests/fixtures/anthropic."""

from __future__ import annotations

import json

import pytest

from routing.adapters.anthropic import decode, decode_error
from routing.chunk import Turn
from routing.serving import RUBBISH


def read(turn, kind, **fields):
    return decode(json.dumps({"type": kind, **fields}).encode(), turn)


def started(**usage):
    turn = Turn(stream=True)
    message = {"id": "msg_1", "usage": {"input_tokens": 10, "output_tokens": 1} | usage}
    assert read(turn, "message_start", message=message) is None
    return turn


def ended(turn, reason="end_turn", **fields):
    return read(turn, "message_delta", delta={"stop_reason": reason}, **fields)


def block(turn, kind, index=0, **fields):
    return read(turn, "content_block_start", index=index, content_block={"type": kind, **fields})


def test_an_answer_that_breaks_off_has_no_usage():
    turn = started()
    assert turn.usage is None and turn.upstream_id == "msg_1"


def test_an_end_without_figures_has_no_usage():
    turn = started()
    assert ended(turn).finish_reason == "stop"
    assert turn.usage is None


def test_figures_at_the_end_win():
    turn = started(cache_read_input_tokens=5)
    ended(turn, usage={"input_tokens": 12, "output_tokens": 7, "cache_read_input_tokens": None})
    assert (turn.usage.prompt_tokens, turn.usage.completion_tokens) == (17, 7)
    assert turn.usage.cached_tokens == 5


@pytest.mark.parametrize("value", [-1, 1.5, "7", True, 10**12])
def test_figures_that_are_none_are_not_believed(value):
    turn = started()
    ended(turn, usage={"output_tokens": value})
    assert turn.usage is None


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "stop"), ("stop_sequence", "stop"), ("pause_turn", "stop"),
        ("max_tokens", "length"), ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"), ("refusal", "content_filter"), ("something_new", "stop"),
    ],
)  # fmt: skip
def test_reasons_to_stop(native, reason):
    turn = started()
    chunk = ended(turn, native)
    assert (chunk.finish_reason, chunk.native_finish_reason) == (reason, native)
    assert turn.native_finish_reason == native and not turn.is_done
    assert read(turn, "message_stop") is None
    assert turn.is_done


def test_what_says_nothing_is_nothing():
    turn = started()
    assert read(turn, "ping") is None
    assert read(turn, "something_new", index=1) is None
    assert block(turn, "text", text="") is None
    assert block(turn, "thinking", thinking="", signature="") is None
    assert block(turn, "server_tool_use", id="srvtoolu_1", name="web_search", input={}) is None
    assert read(turn, "content_block_stop", index=0) is None
    unknown = {"type": "citations_delta", "citation": {}}
    assert read(turn, "content_block_delta", index=0, delta=unknown) is None


def test_calls_are_numbered_without_the_other_blocks():
    turn = started()
    first = block(turn, "tool_use", index=2, id="toolu_1", name="f", input={})
    second = block(turn, "tool_use", index=5, id="toolu_2", name="g", input={"a": 1})
    assert first.delta["tool_calls"][0]["index"] == 0
    assert second.delta["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    piece = {"type": "input_json_delta", "partial_json": '{"b"'}
    more = read(turn, "content_block_delta", index=2, delta=piece)
    assert more.delta["tool_calls"] == [{"index": 0, "function": {"arguments": '{"b"'}}]
    assert read(turn, "content_block_stop", index=2) is None
    assert read(turn, "content_block_stop", index=5) is None


def test_thoughts_are_shown_and_kept():
    turn = started()
    delta = {"type": "thinking_delta", "thinking": "Hm"}
    chunk = read(turn, "content_block_delta", index=0, delta=delta)
    detail = {"format": "anthropic-claude-v1", "index": 0}
    assert chunk.delta == {
        "reasoning": "Hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm", **detail}],
    }
    delta = {"type": "signature_delta", "signature": "abc"}
    chunk = read(turn, "content_block_delta", index=0, delta=delta)
    assert chunk.delta == {
        "reasoning_details": [{"type": "reasoning.text", "signature": "abc", **detail}]
    }


@pytest.mark.parametrize(
    ("kind", "status", "permanent"),
    [
        ("invalid_request_error", 400, True), ("authentication_error", 401, False),
        ("billing_error", 402, False), ("permission_error", 403, False),
        ("not_found_error", 404, False), ("request_too_large", 413, True),
        ("rate_limit_error", 429, False), ("api_error", 500, False),
        ("timeout_error", 504, False), ("overloaded_error", 529, False), ("new_error", 502, False),
    ],
)  # fmt: skip
def test_errors_inside_an_answer(kind, status, permanent):
    chunk = read(started(), "error", error={"type": kind, "message": "no"})
    assert (chunk.failure.status, chunk.failure.permanent) == (status, permanent)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'"no"', b'{"error": []}', b'{"error": {"message": 7}}'],
)
def test_errors_of_any_shape_are_errors(body):
    assert decode_error(503, body).status == 503


@pytest.mark.parametrize(
    "event",
    [
        b"", b"{", b"[]", b"7", b"{}", b'{"type": 7, "delta": 1}'.replace(b"7", b'"message"'),
        b'{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 7}}',
        b'{"type": "content_block_delta", "index": 0, "delta": '
        b'{"type": "input_json_delta", "partial_json": "{}"}}',
        b'{"type": "content_block_start", "index": 0, "content_block": '
        b'{"type": "tool_use", "id": null, "name": "f", "input": {}}}',
        b'{"type": "message_delta"}', b'{"type": "message_start"}', b'{"type": "completion"}',
    ],
)  # fmt: skip
def test_rubbish_is_what_the_engine_takes_for_rubbish(event):
    with pytest.raises(RUBBISH):
        decode(event, Turn(stream=True))


def test_the_moderation_of_a_gateway_is_understood():
    error = {"message": "your input was flagged", "metadata": {"reasons": ["hate"]}}
    failure = decode_error(403, json.dumps({"error": error}).encode())
    assert (failure.kind, failure.reasons) == ("moderation", ("hate",))
