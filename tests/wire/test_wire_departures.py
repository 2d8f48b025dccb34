"""Clients that go: what stops, what runs on, what is paid (streaming.md 3; seed, Cancellation)."""

from __future__ import annotations

import time

import pytest
from gateway_process import unique, wait_until
from wire_client import (
    TURBO,
    chat,
    get,
    only,
    open_stream,
    send_bare,
    user,
)
from wire_records import (
    LLAMA,
    charged,
    cost_of,
    ended_record,
    settled,
    turbo_cost,
)

pytestmark = pytest.mark.database

FEW = 5


def test_a_hang_up_stops_the_provider_and_the_bill(gateway, alice):
    for _ in range(FEW):
        marker = unique()
        answer = open_stream(gateway, alice, f"{marker} [[simulate tokens=4000 tps=100]]")
        answer.until_text()
        received = len(answer.choices)
        answer.hang_up()
        record = ended_record(gateway, marker)
        assert record["aborted"] and not record["finished"]
        row = settled(gateway, answer.id)
        assert row["cancelled"] and row["usage_source"] == "local"
        assert received <= row["tokens_completion"] <= record["completion_tokens"] < 400
        assert charged(gateway, answer.id) == row["cost_nano"] == turbo_cost(row) > 0
        found = get(gateway, alice, f"/generation?id={answer.id}")
        assert found["cancelled"] is True and found["total_cost"] == row["cost_nano"] / 1e9


def test_a_hang_up_before_the_first_word_costs_the_prompt(gateway):
    alice = gateway.caller()
    marker = unique()
    body = {
        "model": TURBO,
        "stream": True,
        "messages": user(f"{marker} [[simulate ttft_ms=60000]]"),
    }
    client = send_bare(gateway, alice, body)
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


def test_a_hang_up_between_attempts_starts_no_other(gateway, alice):
    marker = unique()
    text = f"{marker} [[simulate status=503 ttft_ms=60000]]"
    body = {"model": LLAMA, "stream": True, "messages": user(text)}
    client = send_bare(gateway, alice, {**body, "provider": only("Together", "Fireworks")})
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    client.close()
    ended_record(gateway, marker)
    wait_until(lambda: not gateway.open_holds(), "the settlement")
    assert len(gateway.upstream(marker)) == 1


def test_who_hangs_up_without_a_stream_pays_for_all_of_it(gateway):
    """Seed: it 'will not halt the model's processing in the background'."""
    alice = gateway.caller()
    marker = unique()
    client = send_bare(gateway, alice, {
        "model": TURBO, "messages": user(f"{marker} [[simulate tokens=40 gate={marker}]]"),
    })  # fmt: skip
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    gateway.is_left_by(client)
    gateway.open_gate(marker)
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
    words = f"tokens=60 gate={marker}" if before_text else "tokens=60 tps=20"
    body = {
        "model": LLAMA, "stream": True, "messages": user(f"{marker} [[simulate {words}]]"),
        "provider": only("Groq"),
    }  # fmt: skip
    client = send_bare(gateway, alice, body)
    if before_text:
        wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    else:
        assert client.recv(4096)
    gateway.is_left_by(client)
    gateway.open_gate(marker)
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


@pytest.mark.parametrize("streamed", [False, True])
def test_a_hang_up_while_the_ledger_is_slow_harms_nobody(gateway, alice, streamed):
    marker = unique()
    client = send_bare(gateway, alice, {
        "model": TURBO, "stream": streamed,
        "messages": user(f"{marker} [[simulate status=503 gate={marker}]]"),
    })  # fmt: skip
    wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
    with gateway.locked():
        gateway.open_gate(marker)
        ended_record(gateway, marker)
        time.sleep(0.2)
        client.close()
        time.sleep(0.2)
    wait_until(lambda: not gateway.open_holds(), "the settlement")
    assert chat(gateway, alice, "[[say: still here]]").text == "still here"


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
    wait_until(
        lambda: all(record["aborted"] for record in gateway.upstream(marker)), "all to be stopped"
    )
    assert chat(gateway, alice, "[[say: still here]]").text == "still here"
