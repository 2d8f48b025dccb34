"""Replicate, beyond its recorded cases: the requests that one answer takes."""

from __future__ import annotations

import json

import pytest

from routing.adapters.replicate import decode, decode_error
from routing.chunk import Turn

BASE = "https://api.replicate.com/v1/predictions/abc"


def prediction(status="starting", stream=False, **more):
    urls = {"get": BASE, "cancel": f"{BASE}/cancel"}
    if stream:
        urls["stream"] = "https://stream.replicate.com/v1/files/xyz"
    return json.dumps({"id": "abc", "status": status, "urls": urls, **more}).encode()


def test_a_stream_is_read_where_the_prediction_says():
    turn = Turn(stream=True)
    assert decode(prediction(stream=True), turn) is None
    request = turn.next_request
    assert (request.path, request.method) == ("https://stream.replicate.com/v1/files/xyz", "GET")
    assert (request.stream, request.framing, request.wait_s) == (True, "named-sse", 0)
    assert turn.upstream_id == "abc"
    assert (turn.cancel_request.path, turn.cancel_request.method) == (f"{BASE}/cancel", "POST")


def test_a_model_without_a_stream_is_polled_also_for_who_wants_one():
    turn = Turn(stream=True)
    decode(prediction(), turn)
    assert (turn.next_request.path, turn.next_request.stream) == (BASE, False)
    chunk = decode(prediction("succeeded", output=["Hi"]), turn)
    assert (chunk.text, chunk.finish_reason) == ("Hi", "stop")
    assert turn.is_done and turn.cancel_request is None


def test_polls_become_rarer():
    turn = Turn(stream=False)
    waits = []
    for _ in range(6):
        decode(prediction("processing"), turn)
        waits.append(turn.next_request.wait_s)
    assert waits[0] == 0.25 and waits == sorted(waits) and waits[-1] == 1.0


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_what_is_over_needs_no_cancelling(status):
    turn = Turn(stream=False)
    decode(prediction(), turn)
    turn.next_request = None
    assert decode(prediction(status, error=None), turn).failure.status == 502
    assert turn.next_request is None and turn.cancel_request is None


@pytest.mark.parametrize("urls", [{}, {"cancel": None, "get": BASE}, None])
def test_a_prediction_without_addresses_is_rubbish(urls):
    raw = json.dumps({"id": "abc", "status": "starting", "urls": urls}).encode()
    with pytest.raises((KeyError, TypeError)):
        decode(raw, Turn(stream=False))


def test_the_body_of_a_refusal_says_when_to_come_again():
    body = b'{"detail":"Request was throttled.","status":429,"retry_after":3}'
    assert decode_error(429, body).retry_after_s == 3.0
    assert decode_error(502, b"<html>").message == ""
