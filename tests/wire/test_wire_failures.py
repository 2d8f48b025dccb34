"""The table of failures (design/streaming.md section 3), row by row, in the OpenAI dialect.

A fault is written into the prompt (simulator/faults.py) and restricted to a provider, so that tests
cannot disturb each other. Where each row is shown (its health
mark: test_wire_marks; its `models[]`: test_wire_attempts):

    our validation, auth, limits       test_wire_bad_input, _bad_bodies, _money: refused, not asked
    no provider fits                   test_wire_routing (503), _attempts (passed over)
    DNS, connect, TLS                  test_wire_unreachable; stale: routing/test_connection_pool
    reset or EOF before the headers    REPLACED, ALONE
    429, 529                           REPLACED, ALONE, all_busy, one_busy
    5xx, 408                           REPLACED, ALONE
    401, 402, 403 of our credential    REPLACED, ALONE, our_own_credential; for 60 s: _marks
    400, 413, 422                      ALONE, too_long; _attempts: at_fault, a_longer_context
    moderation                         test_wire_moderation
    200 with HTML, nothing, bad JSON   REPLACED, ALONE
    error in the first event           REPLACED, ALONE
    no first content in time           test_wire_waiting: a_slow_first_word, after_comments
    broken off in the middle           BROKEN, an_error_mid_stream
    silence in the middle              test_wire_waiting: silence_in_the_middle
    whole, without usage or [DONE]     test_wire_answers
    an event that is too large         BROKEN (in the middle), REPLACED (at first): big
    the client goes                    test_wire_departures
    the client does not read           test_wire_waiting: does_not_read
    key disabled, account frozen       test_wire_money: a_stream_is_cut
    the ledger is down                 a_settlement_waits; billing/test_ledger_outages
    SIGTERM                            test_wire_shutdown
    attempts, retry budget             test_wire_attempts
"""

from __future__ import annotations

import json
import time

import pytest
from gateway_process import unique, wait_until
from wire_client import (
    TURBO,
    chat,
    get,
    only,
    open_stream,
    stream,
)
from wire_records import (
    LLAMA,
    charged,
    generation_row,
    providers_asked,
)

pytestmark = pytest.mark.database

MIXTRAL = "mistralai/mixtral-8x7b-instruct"
# What takes the place of an answer, and may be answered by somebody else.
REPLACED = [
    "reset", "status=500", "status=502", "status=503", "status=408", "status=429", "status=529",
    "status=401", "status=402", "status=403", "html", "empty", "badjson", "role_only_then_error",
    "first_event_error=500", "first_event_error=429", "cut_after=0",
]  # fmt: skip
# What breaks an answer that had begun, and what the client is told.
BROKEN = [
    ("cut_after=7", 502), ("error_after=7", 502), ("error_after=7 status=503", 502),
    ("error_after=7 status=429", 429), ("garbage_after=7", 502),
    # An event above 1 MB, and data above 8 MB that no line ends.
    ("big_after=7 big=2000000", 502), ("big_after=7 big=9000000", 502),
]  # fmt: skip


def attempts_of(gateway, caller, generation_id):
    """(provider, status) of each attempt, as /generation shows them."""
    found = get(gateway, caller, f"/generation?id={generation_id}")
    return [(each["provider_name"], each["status"]) for each in found["provider_responses"]]


def simulate(words, provider=None):
    restriction = f" provider={provider}" if provider else ""
    return f"[[simulate {words}{restriction}]]"


@pytest.mark.parametrize(
    ("words", "streamed"),
    [(words, streamed) for words in REPLACED for streamed in (False, True)]
    # An event may not be as large as a whole answer may.
    + [("big=2000000", True)],
)
def test_a_provider_that_fails_before_content_is_replaced(gateway, alice, words, streamed):
    marker = unique()
    text = f"Tell me of Rome {marker} {simulate(words, 'together')} [[simulate tokens=12]]"
    send = stream if streamed else chat
    answer = send(gateway, alice, text, LLAMA, provider=only("Together", "Fireworks"))
    assert answer.status == 200
    assert providers_asked(gateway, marker) == ["together", "fireworks"]
    if streamed:
        assert answer.is_done and answer.events[0]["provider"] == "Fireworks"
        usage = answer.usage
    else:
        assert answer.json["provider"] == "Fireworks"
        usage = answer.json["usage"]
    assert charged(gateway, answer.id) == (usage["total_tokens"] * 200_000 + 500) // 1000
    tried = attempts_of(gateway, alice, answer.id)
    assert [name for name, _ in tried] == ["Together", "Fireworks"]
    assert tried[0][1] != 200 and tried[1][1] == 200


ALONE = {
    "reset": 502, "status=500": 502, "status=503": 502, "status=408": 502, "status=429": 429,
    "status=529": 429, "status=401": 502, "status=402": 502, "status=403": 502, "html": 502,
    "empty": 502, "badjson": 502, "role_only_then_error": 502, "first_event_error=429": 429,
    "first_event_error=503": 502, "first_event_error=401": 502, "cut_after=0": 502,
    "status=400": 400, "status=413": 400, "status=422": 400,
}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("words", ALONE)
def test_the_status_when_nobody_is_left(gateway, alice, words, streamed):
    answer = (stream if streamed else chat)(
        gateway, alice, f"{unique()} [[simulate {words} message='No way']]", TURBO
    )
    assert answer.status == ALONE[words]
    error = answer.error
    assert error["metadata"]["provider_name"] == "OpenAI"
    assert charged(gateway, answer.id) == 0
    found = get(gateway, alice, f"/generation?id={answer.id}")
    assert found["total_cost"] == 0 and found["finish_reason"] == "error"
    if "retry-after" in answer.headers:
        assert answer.status == 429


def test_all_busy_is_429_with_the_smallest_retry_after(gateway, alice):
    text = (
        f"{unique()} {simulate('status=429 retry_after=9', 'together')}"
        f" {simulate('status=429 retry_after=4', 'fireworks')} {simulate('status=529', 'lepton')}"
    )
    answer = chat(gateway, alice, text, LLAMA, provider=only("Together", "Fireworks", "Lepton"))
    assert answer.status == 429
    assert answer.headers["retry-after"] == "4"
    assert answer.error["metadata"]["retry_after_seconds"] == 4


def test_one_busy_and_one_broken_is_502(gateway, alice):
    text = f"{simulate('status=429', 'together')} {simulate('status=500', 'fireworks')}"
    for order in (("Together", "Fireworks"), ("Fireworks", "Together")):
        answer = chat(gateway, alice, text, LLAMA, provider=only(*order))
        assert answer.status == 502
        assert "retry-after" not in answer.headers


@pytest.mark.parametrize("status", [401, 402, 403])
def test_words_about_our_own_credential_stay_with_us(gateway, alice, status):
    secret = f"Your account acme-42 with sk-{unique('leak')}{'0' * 20} is bad"
    text = f"[[simulate status={status} message='{secret}']]"
    answer = chat(gateway, alice, text)
    assert answer.status == 502
    assert b"acme-42" not in answer.body and b"leak" not in answer.body
    # The operator is told, with the words and without what looks like a key.
    alarm = f"OpenAI refuses our credential ({status}): Your account acme-42 with ***"
    assert alarm in gateway.log()
    assert secret not in gateway.log()


def test_a_credential_in_an_error_is_masked(gateway, alice):
    text = "[[simulate status=500 message='Invalid key sk-proj-abcdef0123456789abcdef']]"
    answer = chat(gateway, alice, text)
    assert answer.status == 502
    assert b"abcdef0123456789" not in answer.body
    assert "Invalid key ***" in answer.error["metadata"]["raw"]


@pytest.mark.parametrize(("words", "code"), BROKEN)
def test_a_stream_that_breaks_off_says_so_in_band(gateway, alice, words, code):
    marker = unique()
    text = f"Tell me of Rome {marker} [[simulate {words} message=Sorry]]"
    answer = stream(
        gateway, alice, text, LLAMA, models=[MIXTRAL], provider=only("Together", "Fireworks")
    )
    assert answer.status == 200
    assert answer.error["code"] == code
    assert answer.text != ""
    # Nobody continues what another began, be it a provider or a model.
    assert providers_asked(gateway, marker) == ["together"]
    row = generation_row(gateway, answer.id)
    assert row["finish_reason"] == "error"
    assert row["tokens_completion"] == 7
    (record,) = gateway.upstream(marker)
    if "garbage" not in words and "big" not in words:
        assert record["completion_tokens"] == 7
    cost = ((row["native_tokens_prompt"] + 7) * 180_000 + 500) // 1000
    assert charged(gateway, answer.id) == row["cost_nano"] == cost
    assert get(gateway, alice, f"/generation?id={answer.id}")["total_cost"] == cost / 1e9


def test_a_whole_answer_that_breaks_off_is_asked_of_another(gateway, alice):
    for words in ("cut_after=3", "garbage_after=3"):
        marker = unique()
        text = f"{marker} {simulate(words, 'together')} [[say: whole]]"
        answer = chat(gateway, alice, text, LLAMA, provider=only("Together", "Fireworks"))
        assert answer.text == "whole"
        assert providers_asked(gateway, marker) == ["together", "fireworks"]


def test_a_prompt_that_is_too_long_is_400_and_costs_nothing(gateway, alice):
    answer = chat(gateway, alice, "word " * 9_000, LLAMA, transforms=[])
    assert answer.status == 400
    error = answer.error
    assert error["metadata"]["error_type"] == "context_length_exceeded"
    assert "maximum context length is" in error["message"]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_provider_that_says_too_long_is_400(gateway, alice, streamed):
    message = "This model's maximum context length is 16385 tokens"
    text = f'{unique()} [[simulate status=400 message="{message}"]]'
    answer = (stream if streamed else chat)(gateway, alice, text)
    assert answer.status == 400
    assert message in answer.error["message"]


def test_an_error_mid_stream_keeps_what_was_said(gateway, alice):
    with open_stream(
        gateway, alice, f"Rome {unique()} [[simulate error_after=40 tps=200]]"
    ) as answer:
        answer.until_text()
        answer.read()
    assert answer.error["code"] == 502
    assert len(answer.text) > 40
    assert json.dumps(answer.error["metadata"]).count("OpenAI") == 1
    wait_until(lambda: generation_row(gateway, answer.id), "the settlement")


def test_a_settlement_waits_for_the_ledger_and_the_answer_for_the_settlement(gateway, alice):
    text = f"Rome {unique()} [[simulate tokens=20 tps=100]]"
    with open_stream(gateway, alice, text) as answer:
        answer.until_text()
        with gateway.locked():
            time.sleep(0.5)
        answer.read()
    assert answer.is_done
    assert charged(gateway, answer.id) == generation_row(gateway, answer.id)["cost_nano"] > 0
