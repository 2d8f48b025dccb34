"""Replicate through the running product: several requests for one answer, and what stops them."""

from __future__ import annotations

import pytest
from gateway_process import unique, wait_until
from wire_client import chat, only, open_stream, stream
from wire_records import charged, ended_record, settled

pytestmark = pytest.mark.database

LLAMA = "meta-llama/llama-2-70b-chat"
REPLICATE = {"provider": only("Replicate")}


@pytest.fixture(scope="module")
def cancelling(new_gateway):
    """A gateway whose row says that predictions can be cancelled."""
    gateway = new_gateway()
    query = "UPDATE catalog_provider SET supports_cancellation = true WHERE slug = 'replicate'"
    gateway.desk("sql", query=query)
    return gateway.start()


def paths(gateway, since):
    found = gateway.simulator.control("GET", f"/_log?since={since}")["data"]
    return [record["path"] for record in found if record["provider"] == "replicate"]


def test_an_answer_is_polled_and_billed_by_its_figures(gateway, alice):
    since = gateway.simulator.last_id()
    answer = chat(gateway, alice, "[[say: Good morning.]]", LLAMA, **REPLICATE)
    assert answer.text == "Good morning."
    created, *polls = paths(gateway, since)
    assert created == "/replicate/models/meta/llama-2-70b-chat/predictions"
    assert len(polls) == 2 and len(set(polls)) == 1
    row = settled(gateway, answer.id)
    assert (row["usage_source"], row["native_tokens_completion"]) == ("upstream", 3)
    assert row["upstream_id"] == polls[0].rpartition("/")[2]


def test_a_stream_keeps_its_blanks_and_lines(gateway, alice):
    said = "One\n\n  two\nthree "
    answer = stream(gateway, alice, f"[[say: {said}]]", LLAMA, **REPLICATE)
    assert answer.text == said and answer.is_done


def test_a_prediction_that_fails_is_told(gateway, alice):
    words = 'hi [[simulate error_after=0 message="CUDA out of memory"]]'
    answer = chat(gateway, alice, words, LLAMA, **REPLICATE)
    assert answer.status == 502
    assert answer.error["metadata"]["raw"] == "CUDA out of memory"
    words = 'hi [[simulate error_after=5 message="CUDA out of memory"]]'
    answer = stream(gateway, alice, words, LLAMA, **REPLICATE)
    assert answer.error["metadata"]["raw"] == "CUDA out of memory"


def test_who_leaves_cancels_the_prediction(cancelling):
    bob = cancelling.caller()
    marker, since = unique(), cancelling.simulator.last_id()
    text = f"Tell me of Rome {marker} [[simulate tokens=600 tps=60]]"
    with open_stream(cancelling, bob, text, LLAMA, **REPLICATE) as opened:
        opened.until_text()
    wait_until(
        lambda: any(path.endswith("/cancel") for path in paths(cancelling, since)), "the cancel"
    )
    row = settled(cancelling, opened.id)
    assert row["cancelled"]
    assert 0 < row["native_tokens_completion"] < 600
    assert charged(cancelling, opened.id) == row["cost_nano"] > 0
    assert ended_record(cancelling, marker)
