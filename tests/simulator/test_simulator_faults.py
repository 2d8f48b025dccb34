"""Scripted faults: each word of the grammar, and each way to say it."""

from __future__ import annotations

import http.client
import json
import time

import pytest
from simulator_process import events, text_of

from simulator import tokens


def stream(simulator, directive, slug="openai", **body):
    """The raw stream under a directive, given in the text."""
    return simulator.chat(slug, f"Tell me of Rome [[simulate {directive}]]", stream=True, **body)


def test_a_fault_in_the_text_hits_the_named_provider_only(simulator):
    text = "hi [[simulate status=503 provider=together]] [[simulate status=429 provider=groq]]"
    assert simulator.chat("together", text)[0] == 503
    assert simulator.chat("groq", text)[0] == 429
    assert simulator.chat("openai", text)[0] == 200


def test_a_fault_in_a_header(simulator):
    headers = {"authorization": "Bearer k", "x-simulate": 'status=503 message="so, so sorry"'}
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    status, _, raw = simulator.request("POST", "/openai/v1/chat/completions", body, headers)
    assert status == 503
    assert json.loads(raw)["error"]["message"] == "so, so sorry"


def test_a_script_is_used_up_in_order(script):
    rows = [
        {"provider": "octoai", "directive": "status=503", "count": 2},
        {"provider": "octoai", "directive": "status=429 retry_after=7", "count": 1},
    ]
    assert script.control("POST", "/_faults", rows)["data"] == rows
    assert script.chat("lynn", "hi")[0] == 200
    answers = [script.chat("octoai", "hi") for _ in range(4)]
    assert [status for status, _, _ in answers] == [503, 503, 429, 200]
    assert answers[2][1]["retry-after"] == "7"
    assert [row["count"] for row in script.control("GET", "/_faults")["data"]] == [0, 0]


def test_a_standing_fault_stays_and_also_hits_the_models(script):
    script.control("POST", "/_faults", [{"provider": "octoai", "directive": "status=500"}])
    assert [script.chat("octoai", "hi")[0] for _ in range(3)] == [500] * 3
    assert script.request("GET", "/octoai/v1/models")[0] == 500
    script.control("DELETE", "/_faults")
    assert script.chat("octoai", "hi")[0] == 200


def test_a_fault_for_one_model(simulator):
    text = "hi [[simulate status=503 model=a/b]]"
    assert simulator.chat("openai", text, model="a/b")[0] == 503
    assert simulator.chat("openai", text, model="a/c")[0] == 200


@pytest.mark.parametrize("directive", ["statsu=503", "status=x", "status 503", "tps=-1", "a=b=c"])
def test_a_directive_that_means_nothing_is_refused(script, directive):
    assert script.chat("openai", f"hi [[simulate {directive}]]")[0] == 400
    rows = [{"provider": "openai", "directive": directive}]
    assert script.request("POST", "/_faults", rows)[0] == 400


def test_groq_says_when_to_come_back(simulator):
    assert simulator.chat("groq", "[[simulate status=429]]")[1]["retry-after"] == "2"


def test_wrecks_instead_of_an_answer(simulator):
    status, headers, raw = simulator.chat("openai", "[[simulate html]]")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert simulator.chat("openai", "[[simulate html status=502]]")[0] == 502
    assert simulator.chat("openai", "[[simulate empty]]")[::2] == (200, b"")
    status, headers, raw = simulator.chat("openai", "[[simulate badjson]]")
    assert (status, headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw)


def test_a_reset_comes_before_any_answer(simulator):
    with pytest.raises(ConnectionResetError):
        simulator.chat("openai", "[[simulate reset]]")


@pytest.mark.parametrize("after", [0, 1, 5, 500])
def test_a_cut_comes_after_so_many_tokens(simulator, after):
    with pytest.raises(http.client.IncompleteRead) as caught:
        stream(simulator, f"cut_after={after}", user=f"cut-{after}")
    found = events(caught.value.partial)
    assert tokens.count(text_of(found)) == after
    assert not any(event["choices"][0]["finish_reason"] for event in found)
    record = simulator.record(f"cut-{after}")
    assert (record["completion_tokens"], record["finished"]) == (after, False)
    assert record["aborted"] is False


def test_a_cut_when_not_streaming_leaves_half_a_body(simulator):
    with pytest.raises(http.client.IncompleteRead):
        simulator.chat("openai", "[[simulate cut_after=3]]")


def test_an_error_after_so_many_tokens_ends_the_stream(simulator):
    found = events(stream(simulator, "error_after=4 message=broken status=529")[2])
    assert tokens.count(text_of(found[:-1])) == 4
    assert found[-1]["error"]["message"] == "broken"
    assert found[-1]["error"]["code"] == 529


def test_errors_before_any_text(simulator):
    role, error = events(stream(simulator, "role_only_then_error")[2])
    assert role["choices"][0]["delta"]["role"] == "assistant"
    assert error["error"]["code"] == 500
    (only,) = events(stream(simulator, "first_event_error=429")[2])
    assert only["error"]["code"] == 429
    status, _, raw = simulator.chat("openai", "[[simulate first_event_error=429]]")
    assert (status, json.loads(raw)["error"]["code"]) == (200, 429)


def test_garbage_stands_between_good_events(simulator):
    raw = stream(simulator, "garbage_after=3")[2]
    bad = []
    for line in raw.split(b"\n"):
        if line.startswith(b"data: {"):
            try:
                json.loads(line[6:])
            except json.JSONDecodeError:
                bad.append(line)
    assert len(bad) == 1
    assert raw.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("number", [1, 20, 150, 1_000])
def test_length_in_tokens_is_exact(simulator, number):
    status, _, raw = simulator.chat("openai", f"Rome [[simulate tokens={number}]]")
    answer = json.loads(raw)
    assert answer["usage"]["completion_tokens"] == number
    assert tokens.count(answer["choices"][0]["message"]["content"]) == number
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_words_about_the_end(simulator):
    raw = stream(simulator, "finish=content_filter no_usage no_done", slug="together")[2]
    last = events(raw)[-1]
    assert last["choices"][0]["finish_reason"] == "content_filter"
    assert "usage" not in last
    assert b"[DONE]" not in raw


def test_words_about_the_framing(simulator):
    plain = stream(simulator, "tokens=9")[2]
    assert b"\r\n" not in plain
    assert stream(simulator, "crlf")[2].count(b"\r\n\r\n") > 9
    assert stream(simulator, "comments=3")[2].startswith(b": comment 0\n\n: comment 1\n\n: com")
    assert events(stream(simulator, "split=7")[2])[-1] == "[DONE]"


def test_exotic_line_ends_stay_inside_the_text(simulator):
    raw = stream(simulator, "u2028")[2]
    assert "\u2028".encode() in raw
    assert "\u0085".encode() in raw
    text = text_of(events(raw))
    assert "\u2028" in text and "\u0085" in text and "\x0b" in text


def test_one_big_delta(simulator):
    found = events(stream(simulator, "big=2000001")[2])
    sizes = [len(text_of([event])) for event in found if event != "[DONE]"]
    assert max(sizes) == sum(sizes) == 2_000_001
    found = events(stream(simulator, "big_after=7 big=2000001")[2])
    sizes = [len(text_of([event])) for event in found if event != "[DONE]"]
    assert max(sizes) == 2_000_001 and len([size for size in sizes if 0 < size < 100]) == 7


def test_an_answer_comes_no_faster_than_asked(simulator):
    began = time.monotonic()
    stream(simulator, "ttft_ms=100 tps=100 tokens=21", user="pace")
    assert time.monotonic() - began > 0.29
    began = time.monotonic()
    simulator.chat("openai", "x [[simulate ttft_ms=50 tps=100 tokens=10]]")
    assert time.monotonic() - began > 0.14
    began = time.monotonic()
    stream(simulator, "slow=20 tokens=6")
    assert time.monotonic() - began > 0.09
