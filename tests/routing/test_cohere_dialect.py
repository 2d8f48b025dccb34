"""What we understand of Cohere's answers, beside the recorded ones."""

from __future__ import annotations

import json

import pytest

from routing.adapters import cohere, cohere_v2
from routing.chunk import Turn

RUBBISH = (ValueError, KeyError, TypeError, IndexError, AttributeError)


def line(kind, **fields):
    return json.dumps({"event_type": kind, **fields}).encode()


def event(kind, **message):
    return json.dumps({"type": kind, "delta": {"message": message}}).encode()


def test_ids_of_calls_are_other_ones_for_each_call_and_answer():
    found = []
    for answer in ("a", "b"):
        turn = Turn(stream=True)
        cohere.decode(line("stream-start", generation_id=answer), turn)
        for index in (0, 1):
            delta = {"name": "now", "index": index}
            chunk = cohere.decode(line("tool-calls-chunk", tool_call_delta=delta), turn)
            found.append(chunk.delta["tool_calls"][0]["id"])
    assert len(set(found)) == 4


def test_a_call_that_came_in_pieces_is_not_told_twice():
    turn = Turn(stream=True)
    cohere.decode(line("tool-calls-chunk", tool_call_delta={"name": "now", "index": 0}), turn)
    whole = line("tool-calls-generation", tool_calls=[{"name": "now", "parameters": {}}])
    assert cohere.decode(whole, turn) is None
    last = cohere.decode(line("stream-end", finish_reason="COMPLETE", response={}), turn)
    assert (last.finish_reason, turn.is_done) == ("tool_calls", True)


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT", "USER_CANCEL"])
def test_a_model_that_broke_off_has_failed(reason):
    turn = Turn(stream=True)
    failed = cohere.decode(line("stream-end", finish_reason=reason, response={}), turn)
    assert failed.failure.status == 502
    end = json.dumps({"type": "message-end", "delta": {"finish_reason": reason}}).encode()
    assert cohere_v2.decode(end, Turn(stream=True)).failure.status == 502


@pytest.mark.parametrize("dialect", [cohere, cohere_v2])
def test_an_error_inside_an_answer(dialect):
    chunk = dialect.decode(b'{"message": "internal server error"}', Turn(stream=True))
    assert (chunk.failure.status, chunk.failure.message) == (502, "internal server error")


def test_what_cohere_adds_later_says_nothing():
    assert cohere.decode(line("search-results", documents=[]), Turn(stream=True)) is None
    assert cohere_v2.decode(b'{"type": "citation-start", "delta": {}}', Turn(stream=True)) is None
    assert cohere_v2.decode(event("content-delta", content={"text": ""}), Turn(stream=True)) is None


def test_logprobs_have_openais_shape():
    item = {"text": "Hi", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}
    raw = {"type": "content-delta", "delta": {"message": {"content": {"text": "Hi"}}}}
    chunk = cohere_v2.decode(json.dumps(raw | {"logprobs": item}).encode(), Turn(stream=True))
    assert chunk.logprobs == {
        "content": [{"token": "Hi", "logprob": -0.75, "bytes": [72, 105], "top_logprobs": []}]
    }


@pytest.mark.parametrize(
    ("status", "message", "found"),
    [
        (498, "blocked output", (403, "moderation")),
        (498, "invalid token", (401, "")),
        (499, "request cancelled", (502, "")),
        (429, "slow down", (429, "")),
        (400, "too many tokens: 9", (400, "context_length")),
    ],
)
def test_statuses_of_their_own(status, message, found):
    failure = cohere.decode_error(status, json.dumps({"message": message}).encode())
    assert (failure.status, failure.kind) == found


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"null", b'{"message": 7}'])
def test_errors_in_any_shape_are_failures(raw):
    assert cohere.decode_error(503, raw).status == 503


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"null", b"[]", b"{}", b'"x"', b'{"event_type": "text-generation"}',
        b'{"event_type": "text-generation", "text": 7}', b'{"text": 7}',
        b'{"event_type": "tool-calls-chunk", "tool_call_delta": {"index": 0, "parameters": "x"}}',
        b'{"event_type": "tool-calls-generation", "tool_calls": [{}]}',
    ],
)  # fmt: skip
def test_rubbish_of_the_first_version(rubbish):
    with pytest.raises(RUBBISH):
        cohere.decode(rubbish, Turn(stream=True))


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"null", b"[]", b"{}", b'{"type": "content-delta"}', b'{"finish_reason": "COMPLETE"}',
        b'{"type": "content-delta", "delta": {"message": {"content": {"text": 7}}}}',
        b'{"type": "tool-call-delta", "delta": {"message": {"tool_calls": {"function": {}}}}}',
        b'{"type": "tool-call-start", "delta": {"message": {"tool_calls": {}}}}',
    ],
)  # fmt: skip
def test_rubbish_of_the_second_version(rubbish):
    with pytest.raises(RUBBISH):
        cohere_v2.decode(rubbish, Turn(stream=True))
