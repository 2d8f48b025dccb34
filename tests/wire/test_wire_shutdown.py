"""SIGTERM: what runs may finish, nothing new begins, everything is settled."""

from __future__ import annotations

import signal
import socket
import threading

import pytest
from gateway_process import unique, wait_until
from wire_client import chat, open_stream
from wire_records import charged, generation_row

pytestmark = pytest.mark.database


def refuses_connections(gateway):
    try:
        socket.create_connection(("127.0.0.1", gateway.port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_streams_that_run_finish_and_nothing_new_begins(new_gateway):
    gateway = new_gateway().start()
    alice = gateway.caller(credits="50")
    marker = unique()
    text = f"{marker} [[simulate tokens=60 tps=60]]"
    streams = [open_stream(gateway, alice, text) for _ in range(12)]
    for stream in streams:
        stream.until_text()
    whole = []
    late = threading.Thread(
        target=lambda: whole.append(chat(gateway, alice, f"{marker} [[simulate ttft_ms=700]] hi"))
    )
    late.start()
    wait_until(lambda: len(gateway.upstream(marker)) == 13, "all to be under way")
    gateway.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(gateway), "the listener to close")
    texts = {stream.read().text for stream in streams}
    late.join()
    assert gateway.process.wait(timeout=20) in (0, -signal.SIGTERM)
    assert len(texts) == 1 and whole[0].status == 200
    for stream in streams:
        assert stream.is_done and stream.usage["completion_tokens"] == 60
        assert charged(gateway, stream.id) == generation_row(gateway, stream.id)["cost_nano"] > 0
        stream.hang_up()
    gateway.verify()
    assert gateway.sql("SELECT id FROM billing_instance") == []


def test_who_takes_too_long_is_told_in_band_and_pays_for_what_came(new_gateway):
    gateway = new_gateway(DRAIN_TIMEOUT_S="0.5").start()
    alice = gateway.caller(credits="50")
    with open_stream(gateway, alice, f"{unique()} [[simulate tokens=4000 tps=50]]") as stream:
        stream.until_text()
        gateway.process.send_signal(signal.SIGTERM)
        stream.read()
    assert stream.error["code"] == 503
    assert gateway.process.wait(timeout=20) in (0, -signal.SIGTERM)
    row = generation_row(gateway, stream.id)
    assert 0 < row["tokens_completion"] < 400
    assert charged(gateway, stream.id) == row["cost_nano"] > 0
    gateway.verify()


def test_after_a_kill_everything_is_settled_by_the_next_process(new_gateway):
    gateway = new_gateway(TIMEOUT_SCALE="0.05").start()
    alice = gateway.caller(credits="50")
    text = f"{unique()} [[simulate tokens=4000 tps=100]]"
    with open_stream(gateway, alice, text) as stream, open_stream(gateway, alice, text) as other:
        stream.until_text()
        other.until_text()
        progress = "SELECT id FROM billing_hold WHERE progress_nano > 0"
        wait_until(lambda: len(gateway.sql(progress)) == 2, "progress to be noted")
        gateway.process.kill()
        gateway.process.wait()
    assert len(gateway.open_holds()) == 2
    gateway.start()
    gateway.verify()
    for each in (stream, other):
        row = generation_row(gateway, each.id)
        assert charged(gateway, each.id) == row["cost_nano"] > 0
    assert chat(gateway, alice, "[[say: again]]").text == "again"
