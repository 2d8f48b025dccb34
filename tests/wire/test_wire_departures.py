"""Clients that go, clients that do not read, providers that fall silent: what stops, what is paid.

Source: design/streaming.md section 3 and the seed's section Stream Cancellation.
"""

from __future__ import annotations

import json
import socket
import statistics
import time

import pytest
from gateway_process import unique, wait_until
from wire_client import (
    CHAT,
    TURBO,
    bearer,
    charged,
    chat,
    generation_row,
    get,
    only,
    open_stream,
    stream,
    user,
)

pytestmark = pytest.mark.database

LLAMA = "meta-llama/llama-3-8b-instruct"
WIZARD = "microsoft/wizardlm-2-8x22b"
ABORT_SEEN_S = 0.25
FEW = 5


@pytest.fixture(scope="module")
def alice(gateway):
    return gateway.caller(credits="50")


@pytest.fixture(scope="module")
def bob(impatient_gateway):
    return impatient_gateway.caller(credits="50")


def settled(gateway, generation_id):
    return wait_until(lambda: generation_row(gateway, generation_id), "the settlement")


def ended_record(gateway, marker):
    def find():
        found = gateway.upstream(marker)
        return found and found[0]["ended_at"] and found[0]

    return wait_until(find, "the end of the provider's part")


def cost_of(row, prompt_pico, completion_pico):
    pico = row["native_tokens_prompt"] * prompt_pico
    pico += row["native_tokens_completion"] * completion_pico
    return (pico + 500) // 1000


def turbo_cost(row):
    return cost_of(row, 500_000, 1_500_000)


def test_a_hang_up_stops_the_provider_and_the_bill(gateway, alice):
    delays_s = []
    for _ in range(FEW):
        marker = unique()
        answer = open_stream(gateway, alice, f"{marker} [[simulate tokens=4000 tps=100]]")
        answer.until_text()
        received = len(answer.choices)
        gone_at = time.time()
        answer.hang_up()
        record = ended_record(gateway, marker)
        assert record["aborted"] and not record["finished"]
        delays_s.append(record["aborted_at"] - gone_at)
        row = settled(gateway, answer.id)
        assert row["cancelled"] and row["usage_source"] == "local"
        assert received <= row["tokens_completion"] <= record["completion_tokens"] < 400
        assert charged(gateway, answer.id) == row["cost_nano"] == turbo_cost(row) > 0
        found = get(gateway, alice, f"/generation?id={answer.id}")
        assert found["cancelled"] is True and found["total_cost"] == row["cost_nano"] / 1e9
    assert statistics.median(delays_s) < ABORT_SEEN_S


def test_a_hang_up_before_the_first_word_costs_the_prompt(gateway):
    alice = gateway.caller()
    marker = unique()
    body = {
        "model": TURBO,
        "stream": True,
        "messages": user(f"{marker} [[simulate ttft_ms=60000]]"),
    }
    client = _send(gateway, alice, body)
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    client.close()
    record = ended_record(gateway, marker)
    assert record["aborted"]
    row = wait_until(
        lambda: gateway.sql(
            "SELECT * FROM billing_generation WHERE user_id = %s", alice.user_id
        ), "the settlement",
    )[0]  # fmt: skip
    assert row["cancelled"]
    assert row["native_tokens_prompt"] > 0 and row["native_tokens_completion"] == 0
    assert charged(gateway, row["id"]) == turbo_cost(row) > 0
    assert len(gateway.upstream(marker)) == 1


def _send(gateway, caller, body):
    """A request on a bare socket with a tiny receive buffer."""
    raw = json.dumps(body).encode()
    lines = [f"POST {CHAT} HTTP/1.1", "Host: x", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in bearer(caller).items()]
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", gateway.port))
    client.sendall("\r\n".join([*lines, "", ""]).encode() + raw)
    return client


def test_a_hang_up_between_attempts_starts_no_other(gateway, alice):
    marker = unique()
    text = f"{marker} [[simulate status=503 ttft_ms=60000]]"
    body = {"model": LLAMA, "stream": True, "messages": user(text)}
    client = _send(gateway, alice, {**body, "provider": only("Together", "Fireworks")})
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    client.close()
    ended_record(gateway, marker)
    wait_until(lambda: not gateway.open_holds(), "the settlement")
    assert len(gateway.upstream(marker)) == 1


def test_who_hangs_up_without_a_stream_pays_for_all_of_it(gateway):
    """Seed: it 'will not halt the model's processing in the background'."""
    alice = gateway.caller()
    marker = unique()
    client = _send(gateway, alice, {
        "model": TURBO, "messages": user(f"{marker} [[simulate tokens=40 ttft_ms=400]]"),
    })  # fmt: skip
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    client.close()
    record = ended_record(gateway, marker)
    assert record["finished"] and not record["aborted"]
    row = wait_until(
        lambda: gateway.sql(
            "SELECT * FROM billing_generation WHERE user_id = %s", alice.user_id
        ), "the settlement",
    )[0]  # fmt: skip
    assert not row["cancelled"] and row["tokens_completion"] == 40
    assert charged(gateway, row["id"]) == turbo_cost(row)


@pytest.mark.parametrize("before_text", [False, True])
def test_a_provider_that_cannot_be_stopped_is_heard_out(gateway, before_text):
    alice = gateway.caller()
    marker = unique()
    words = "tokens=60 ttft_ms=500" if before_text else "tokens=60 tps=100"
    body = {
        "model": LLAMA, "stream": True, "messages": user(f"{marker} [[simulate {words}]]"),
        "provider": only("Groq"),
    }  # fmt: skip
    client = _send(gateway, alice, body)
    if before_text:
        wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    else:
        assert client.recv(4096)
    client.close()
    record = ended_record(gateway, marker)
    assert record["finished"] and not record["aborted"]
    row = wait_until(
        lambda: gateway.sql(
            "SELECT * FROM billing_generation WHERE user_id = %s", alice.user_id
        ), "the settlement",
    )[0]  # fmt: skip
    assert row["cancelled"]
    assert row["usage_source"] == "upstream"
    assert row["native_tokens_completion"] == 60
    assert charged(gateway, row["id"]) == cost_of(row, 100_000, 100_000)


@pytest.mark.parametrize("words", ["tokens=60000 tps=10000", "stall_after=50000"])
def test_a_client_that_does_not_read_is_left(impatient_gateway, bob, words):
    marker = unique()
    body = {
        "model": WIZARD, "stream": True, "max_tokens": 60000, "provider": only("Lepton"),
        "messages": user(f"{marker} [[simulate {words}]]"),
    }  # fmt: skip
    with _send(impatient_gateway, bob, body) as client:
        beginning = client.recv(4096)
        record = ended_record(impatient_gateway, marker)
        assert record["aborted"]
        wait_until(lambda: not impatient_gateway.open_holds(), "the settlement")
        received = beginning
        while data := client.recv(1 << 20):
            received += data
    assert b"[DONE]" not in received and b'"usage"' not in received
    generation_id = received.partition(b"x-generation-id: ")[2][:35].decode().strip()
    row = generation_row(impatient_gateway, generation_id)
    assert row["cancelled"]
    assert 0 < row["tokens_completion"] <= record["completion_tokens"] < 60000
    assert charged(impatient_gateway, generation_id) == cost_of(row, 1_000_000, 1_000_000)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_hang_up_while_the_ledger_is_slow_harms_nobody(gateway, alice, streamed):
    marker = unique()
    client = _send(gateway, alice, {
        "model": TURBO, "stream": streamed,
        "messages": user(f"{marker} [[simulate status=503 ttft_ms=300]]"),
    })  # fmt: skip
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    with gateway.locked():
        ended_record(gateway, marker)
        time.sleep(0.2)
        client.close()
        time.sleep(0.2)
    wait_until(lambda: not gateway.open_holds(), "the settlement")
    assert chat(gateway, alice, "[[say: still here]]").text == "still here"


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


def test_many_hang_ups_leave_nothing_behind(gateway, alice):
    marker = unique()
    answers = [
        open_stream(gateway, alice, f"{marker} [[simulate tokens=4000 tps=50]]") for _ in range(30)
    ]
    for number, answer in enumerate(answers):
        if number % 2:
            answer.until_text()
        answer.hang_up()
    wait_until(lambda: not gateway.open_holds(), "all settlements")
    rows = [settled(gateway, answer.id) for answer in answers]
    assert all(charged(gateway, row["id"]) == row["cost_nano"] == turbo_cost(row) for row in rows)
    assert all(record["aborted"] for record in gateway.upstream(marker))
    assert chat(gateway, alice, "[[say: still here]]").text == "still here"
