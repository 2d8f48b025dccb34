"""Slow providers and clients that do not read: comments, deadlines, what is paid."""

from __future__ import annotations

import contextlib

import pytest
from gateway_process import unique, wait_until
from wire_client import (
    only,
    send_bare,
    stream,
    user,
)
from wire_records import (
    LLAMA,
    charged,
    cost_of,
    ended_record,
    generation_row,
    settled,
    turbo_cost,
)

pytestmark = pytest.mark.database

WIZARD = "microsoft/wizardlm-2-8x22b"


@pytest.mark.parametrize("words", ["tokens=60000 tps=10000", "stall_after=50000"])
def test_a_client_that_does_not_read_is_left(impatient_gateway, bob, words):
    marker = unique()
    body = {
        "model": WIZARD, "stream": True, "max_tokens": 60000, "provider": only("Lepton"),
        "messages": user(f"{marker} [[simulate {words}]]"),
    }  # fmt: skip
    with send_bare(impatient_gateway, bob, body) as client:
        beginning = client.recv(4096)
        record = ended_record(impatient_gateway, marker)
        assert record["aborted"]
        wait_until(lambda: not impatient_gateway.open_holds(), "the settlement")
        received = beginning
        # Either everything that was under way still arrives, or the kernel gave us up already.
        with contextlib.suppress(ConnectionResetError):
            while data := client.recv(1 << 20):
                received += data
    assert b"[DONE]" not in received and b'"usage"' not in received
    generation_id = received.partition(b"x-generation-id: ")[2][:35].decode().strip()
    row = generation_row(impatient_gateway, generation_id)
    assert row["cancelled"]
    assert 0 < row["tokens_completion"] <= record["completion_tokens"] < 60000
    assert charged(impatient_gateway, generation_id) == cost_of(row, 1_000_000, 1_000_000)


def test_comments_keep_a_waiting_client_awake(impatient_gateway, bob):
    answer = stream(impatient_gateway, bob, "Rome [[simulate ttft_ms=800 tokens=5]]")
    assert answer.frames[0] == ": OPENROUTER PROCESSING"
    assert 2 <= len(answer.comments) <= 4
    assert answer.is_done and answer.usage["completion_tokens"] == 5


def test_comments_also_come_in_the_middle(impatient_gateway, bob):
    answer = stream(impatient_gateway, bob, "Rome [[simulate slow=700 tokens=3]]")
    assert answer.is_done
    assert answer.comments and answer.frames[0].startswith("data: {")


def test_a_slow_first_word_is_408(impatient_gateway, bob):
    answer = stream(impatient_gateway, bob, "Rome [[simulate hang]]")
    # Comments had gone out by then, so it cannot be the status.
    assert answer.comments
    assert answer.error["code"] == 408
    assert charged(impatient_gateway, answer.id) == 0
    assert settled(impatient_gateway, answer.id)["cost_nano"] == 0


def test_a_fallback_after_comments_is_still_a_good_answer(impatient_gateway, bob):
    marker = unique()
    text = f"{marker} [[simulate hang provider=together]] [[say: in the end]]"
    answer = stream(impatient_gateway, bob, text, LLAMA, provider=only("Together", "Fireworks"))
    assert answer.comments and answer.is_done
    assert answer.text == "in the end"
    together, _ = impatient_gateway.upstream(marker)
    assert together["aborted"]


def test_an_error_after_comments_is_in_band(impatient_gateway, bob):
    answer = stream(impatient_gateway, bob, "Rome [[simulate status=503 ttft_ms=600]]")
    assert answer.comments
    assert answer.error["code"] == 502


def test_silence_in_the_middle_ends_it(impatient_gateway, bob):
    marker = unique()
    answer = stream(impatient_gateway, bob, f"Rome {marker} [[simulate stall_after=9]]")
    assert answer.error["code"] == 408
    row = settled(impatient_gateway, answer.id)
    assert (row["tokens_completion"], row["finish_reason"]) == (9, "error")
    assert charged(impatient_gateway, answer.id) == turbo_cost(row) > 0
    assert ended_record(impatient_gateway, marker)["aborted"]
