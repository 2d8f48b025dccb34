"""What we understand of Google's answers, beside the recorded ones."""

from __future__ import annotations

import json

import pytest

from routing.adapters.google import decode, decode_error
from routing.chunk import Turn


def event(parts=None, finish=None, **fields):
    candidate = {"index": 0}
    if parts is not None:
        candidate["content"] = {"role": "model", "parts": parts}
    if finish is not None:
        candidate["finishReason"] = finish
    return json.dumps({"candidates": [candidate | fields], "responseId": "r1"}).encode()


def called(**fields):
    return {"functionCall": {"name": "now", "args": {}, **fields}}


def test_ids_of_calls_are_other_ones_for_each_call_and_answer():
    turn = Turn(stream=True)
    chunks = [
        decode(event([called(), called()]), turn),
        decode(event([called()], "STOP"), turn),
        decode(event([called(), called()], x=1), Turn(stream=True)),
    ]
    calls = [call for chunk in chunks for call in chunk.delta["tool_calls"]]
    assert [call["index"] for call in calls] == [0, 1, 2, 0, 1]
    assert len({call["id"] for call in calls}) == len(calls)
    assert all(call["id"].startswith("call_") for call in calls)
    again = decode(event([called(), called()]), Turn(stream=True))
    assert again.delta["tool_calls"] == calls[:2]


def test_a_signature_is_handed_on_with_the_call_it_belongs_to():
    chunk = decode(event([called(id="a") | {"thoughtSignature": "U0lH"}]), Turn(stream=True))
    assert chunk.delta["reasoning_details"] == [
        {
            "type": "reasoning.encrypted",
            "data": "U0lH",
            "format": "google-gemini-v1",
            "id": "a",
            "index": 0,
        }
    ]


def test_logprobs_have_openais_shape():
    result = {
        "chosenCandidates": [{"token": "é", "logProbability": -0.5}, {"token": "x"}],
        "topCandidates": [{"candidates": [{"token": "e", "logProbability": -1}]}],
    }
    chunk = decode(event([{"text": "éx"}], logprobsResult=result), Turn(stream=True))
    assert chunk.logprobs["content"] == [
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [{"token": "e", "logprob": -1.0, "bytes": [101]}],
        },
        {"token": "x", "logprob": 0.0, "bytes": [120], "top_logprobs": []},
    ]


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "OTHER", "LANGUAGE"])
def test_a_model_that_broke_off_before_a_word_may_be_replaced(reason):
    assert decode(event(None, reason), Turn(stream=True)).failure.status == 502
    turn = Turn(stream=True)
    decode(event([{"text": "It is"}]), turn)
    assert decode(event(None, reason), turn).finish_reason == "error"


def test_a_reason_nobody_knows_yet_is_an_end_like_others():
    chunk = decode(event([{"text": "a"}], "NEW_REASON"), Turn(stream=False))
    assert (chunk.finish_reason, chunk.native_finish_reason) == ("stop", "NEW_REASON")


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "SPII", "PROHIBITED_CONTENT"])
def test_filters(reason):
    assert decode(event(None, reason), Turn(stream=False)).finish_reason == "content_filter"


def test_events_that_say_nothing():
    turn = Turn(stream=True)
    assert decode(event([{"text": ""}]), turn) is None
    assert decode(b'{"usageMetadata": {"promptTokenCount": 3}}', turn) is None
    assert turn.usage.prompt_tokens == 3


@pytest.mark.parametrize("count", [-1, 1.5, "7", None, True, 10**12])
def test_usage_that_is_no_number_is_none(count):
    turn = Turn(stream=False)
    usage = {"usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": 4}}
    decode(json.dumps(json.loads(event([{"text": "a"}], "STOP")) | usage).encode(), turn)
    assert turn.usage is None


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"null", b"[]", b"{}", b'"x"', b'{"candidates": {}}', b'{"candidates": [1]}',
        b'{"candidates": [{"content": {"parts": [{"functionCall": {}}]}}]}', b"data: {}",
        b'{"predictions": []}', b'{"outputs": [{}]}', b'{"outputs": []}',
        b'{"candidates": [{"content": {"parts": [{"text": 1}]}}]}',
        b'{"predictions": [{"candidates": [{"content": 7}]}]}',
    ],
)  # fmt: skip
def test_rubbish_is_named_as_such(rubbish):
    with pytest.raises((ValueError, KeyError, TypeError, IndexError, AttributeError)):
        decode(rubbish, Turn(stream=True))


def test_how_long_to_wait_is_said_in_the_details():
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}, 7]
    raw = json.dumps({"error": {"code": 429, "message": "slow", "details": details}}).encode()
    assert decode_error(429, raw).retry_after_s == 36.5


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"null", b'{"error": "no"}', b"7"])
def test_errors_in_any_shape_are_failures(raw):
    assert decode_error(503, raw).status == 503
