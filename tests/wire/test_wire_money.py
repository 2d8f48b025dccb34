"""Money on the wire: what is said, what is taken and what is shown are one figure."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from gateway_process import unique, wait_until
from wire_client import COMPLETIONS, TURBO, bearer, chat, get, only, open_stream, request, stream
from wire_records import LLAMA, charged, generation_row

pytestmark = pytest.mark.database

FREE = "rwkv/rwkv-5-world-3b"
TURBO_PROMPT_PICO, TURBO_COMPLETION_PICO = 500_000, 1_500_000


def nano(dollars):
    """A JSON number of dollars as nano-dollars; it has no fraction of one."""
    amount = Decimal(repr(dollars)) * 10**9
    assert amount == int(amount)
    return int(amount)


def dearest_turbo_cost(prompt_tokens, completion_tokens):
    pico = prompt_tokens * TURBO_PROMPT_PICO + completion_tokens * TURBO_COMPLETION_PICO
    return (pico + 500) // 1000


def check_one_figure(gateway, caller, generation_id, usage, spent_before_nano):
    """`usage.cost`, the transfer, /generation, the key and the credits agree to the nano-dollar."""
    cost = nano(usage["cost"])
    assert charged(gateway, generation_id) == cost
    found = get(gateway, caller, f"/generation?id={generation_id}")
    assert nano(found["total_cost"]) == nano(found["usage"]) == cost
    assert nano(get(gateway, caller, "/auth/key")["usage"]) == spent_before_nano + cost
    assert nano(get(gateway, caller, "/credits")["total_usage"]) == spent_before_nano + cost
    return cost


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("tokens", [1, 7, 333])
def test_every_place_shows_the_same_cost(gateway, streamed, tokens):
    alice = gateway.caller()
    text = f"Tell me of Rome {unique()} [[simulate tokens={tokens}]]"
    spent_nano = 0
    for _ in range(2):
        if streamed:
            answer = stream(gateway, alice, text)
            usage = answer.usage
        else:
            answer = chat(gateway, alice, text)
            usage = answer.json["usage"]
        assert usage["completion_tokens"] == tokens
        cost = check_one_figure(gateway, alice, answer.id, usage, spent_nano)
        assert cost == dearest_turbo_cost(usage["prompt_tokens"], tokens)
        spent_nano += cost
    assert gateway.sql("SELECT 1 AS x FROM billing_transfer WHERE kind = 'overrun'") == []


def test_billed_tokens_are_the_providers_own(gateway):
    alice = gateway.caller()
    marker = unique()
    answer = stream(gateway, alice, f"Tell me of Rome {marker} [[simulate tokens=50]]")
    (record,) = gateway.upstream(marker)
    assert answer.usage["completion_tokens"] == record["completion_tokens"] == 50
    assert answer.usage["prompt_tokens"] == record["prompt_tokens"]


def test_the_price_of_the_provider_that_served_is_charged(gateway):
    alice = gateway.caller()
    cheap = chat(gateway, alice, "Rome [[simulate tokens=40]]", LLAMA, provider=only("Lepton"))
    dear = chat(gateway, alice, "Rome [[simulate tokens=40]]", LLAMA, provider=only("Fireworks"))
    for answer, pico in ((cheap, 70_000), (dear, 200_000)):
        usage = answer.json["usage"]
        assert charged(gateway, answer.id) == (usage["total_tokens"] * pico + 500) // 1000


def hold_of(gateway, marker, max_tokens):
    """What a request like this one sets aside: the refusal of a poor caller names no amount, so it
    is read from the hold of a rich one."""
    rich = gateway.caller(credits="100")
    answer = chat(gateway, rich, marker, max_tokens=max_tokens)
    (row,) = gateway.sql("SELECT amount_nano FROM billing_hold WHERE id = %s", answer.id)
    return row["amount_nano"]


@pytest.mark.parametrize("limited", ["account", "key"])
def test_fifty_at_once_with_money_for_ten_are_ten(gateway, limited):
    # No answer comes before all fifty were admitted or refused, and each uses what it may, so that
    # nothing is given back before the last one asks.
    gate, other = unique(), unique()
    text = f"Rome [[simulate tokens=2000 gate={gate}]]"
    gateway.open_gate(other)
    amount_nano = hold_of(gateway, text.replace(gate, other), 400)
    ten = f"{Decimal(amount_nano * 10 + amount_nano // 2) / 10**9:f}"
    credits, limit = (ten, None) if limited == "account" else ("100", ten)
    alice = gateway.caller(credits=credits, limit=limit)
    with ThreadPoolExecutor(50) as threads:
        sent = [threads.submit(chat, gateway, alice, text, max_tokens=400) for _ in range(50)]
        wait_until(
            lambda: sum(each.done() for each in sent) + len(gateway.upstream(gate)) == 50,
            "all to be admitted or refused",
        )
        gateway.open_gate(gate)
        answers = [each.result() for each in sent]
    statuses = [answer.status for answer in answers]
    assert (statuses.count(200), statuses.count(402)) == (10, 40)
    for answer in answers:
        if answer.status == 402:
            assert answer.error["metadata"]["limit_source"].startswith("openrouter_")
    total = sum(charged(gateway, answer.id) for answer in answers if answer.status == 200)
    assert nano(get(gateway, alice, "/auth/key")["usage"]) == total


def test_a_negative_balance_refuses_even_what_is_free(gateway):
    bob = gateway.caller(credits="1")
    assert chat(gateway, bob, "[[say: hi]]", FREE).json["usage"]["cost"] == 0
    debtor = gateway.caller(credits="1", debt="1.5")
    for model in (FREE, TURBO):
        answer = chat(gateway, debtor, "hi", model)
        assert answer.status == 402
        assert answer.error["message"].startswith("Insufficient credits")


def test_what_is_free_costs_nothing_and_leaves_a_generation(gateway):
    alice = gateway.caller(credits="0")
    answer = stream(gateway, alice, "Rome [[simulate tokens=5]]", FREE)
    assert answer.usage["cost"] == 0
    assert get(gateway, alice, f"/generation?id={answer.id}")["total_cost"] == 0
    assert gateway.sql("SELECT id FROM billing_hold WHERE id = %s", answer.id) == []


def test_nothing_is_served_without_credits(gateway):
    alice = gateway.caller(credits="0")
    marker = unique()
    answer = chat(gateway, alice, marker)
    assert answer.status == 402
    assert answer.error["message"].startswith("Insufficient credits. Add more using http")
    assert answer.error["metadata"]["limit_source"] == "openrouter_credits"
    assert gateway.upstream(marker) == []
    assert generation_row(gateway, answer.headers.get("x-generation-id", "")) is None


def test_an_exhausted_key_says_its_limit_and_usage(gateway):
    alice = gateway.caller(credits="5", limit="0")
    error = chat(gateway, alice, "hi").error
    assert error["code"] == 402
    assert error["message"].startswith("Key limit exceeded")
    assert error["metadata"]["limit"] == 0 and error["metadata"]["usage"] == 0
    assert error["metadata"]["limit_source"] == "openrouter_key_limit"
    other = gateway.caller(email=None, credits="1", limit="0.5")
    assert chat(gateway, other, "[[say: hi]]").status == 200


@pytest.mark.parametrize("limited", ["account", "key"])
def test_an_unaffordable_max_tokens_is_told_what_would_do(gateway, limited):
    credits, limit = ("0.001", None) if limited == "account" else ("5", "0.001")
    alice = gateway.caller(credits=credits, limit=limit)
    answer = chat(gateway, alice, "Tell me of Rome", max_tokens=4000)
    error = answer.error
    assert answer.status == 402
    assert "You requested up to 4000 tokens, but can only afford" in error["message"]
    affordable = error["metadata"]["affordable_max_tokens"]
    assert 0 < affordable < 4000
    assert str(affordable) in error["message"]
    assert chat(gateway, alice, "Tell me of Rome", max_tokens=affordable + 1).status == 402
    assert chat(gateway, alice, "Tell me of Rome", max_tokens=affordable).status == 200


def test_few_credits_are_enough_for_a_word_when_max_tokens_is_omitted(gateway):
    alice = gateway.caller(credits="0.0005")
    marker = unique()
    answer = chat(gateway, alice, f"{marker} [[say: hi]]")
    assert answer.status == 200 and answer.text == "hi"
    (record,) = gateway.upstream(marker)
    assert 16 <= record["body"]["max_tokens"] < 400


def test_a_bounded_answer_never_costs_more_than_there_is(gateway):
    alice = gateway.caller(credits="0.0005")
    answer = stream(gateway, alice, "Tell me all of Rome [[simulate tokens=4000]]")
    assert answer.choices[-1]["finish_reason"] == "length"
    left = gateway.sql(
        "SELECT posted_nano FROM billing_account WHERE id = %s", f"user:{alice.user_id}"
    )
    assert 0 <= left[0]["posted_nano"] < 250_000
    assert gateway.sql("SELECT id FROM billing_transfer WHERE kind = 'overrun'") == []


def test_a_failure_of_everybody_costs_nothing(gateway):
    alice = gateway.caller()
    answer = chat(gateway, alice, f"{unique()} [[simulate status=500]]")
    assert answer.status == 502
    assert charged(gateway, answer.id) == 0
    assert nano(get(gateway, alice, "/auth/key")["usage"]) == 0
    assert get(gateway, alice, f"/generation?id={answer.id}")["total_cost"] == 0


def test_a_disabled_key_is_refused_at_once_even_from_memory(gateway):
    alice = gateway.caller()
    assert chat(gateway, alice, "[[say: hi]]").status == 200
    gateway.desk("disable", key_id=alice.key_id)
    marker = unique()
    answer = chat(gateway, alice, marker)
    assert answer.status == 401
    assert answer.error["message"] == "User not found."
    assert gateway.upstream(marker) == []


def test_a_frozen_account_is_refused(gateway):
    alice = gateway.caller()
    gateway.desk("freeze", user_id=alice.user_id)
    assert chat(gateway, alice, "hi").status == 402


@pytest.mark.parametrize("ending", ["disable", "freeze"])
def test_a_stream_is_cut_when_its_key_is_disabled(gateway, ending):
    alice = gateway.caller()
    with open_stream(gateway, alice, "Rome [[simulate tokens=4000 tps=50]]") as answer:
        answer.until_text()
        if ending == "disable":
            gateway.desk("disable", key_id=alice.key_id)
        else:
            gateway.desk("freeze", user_id=alice.user_id)
        answer.read()
    assert answer.error["code"] == (401 if ending == "disable" else 402)
    row = wait_until(lambda: generation_row(gateway, answer.id), "the settlement")
    assert 0 < row["tokens_completion"] < 400
    assert charged(gateway, answer.id) == row["cost_nano"] > 0


def test_completions_are_billed_like_chats(gateway):
    alice = gateway.caller()
    body = {"model": TURBO, "prompt": "Rome [[simulate tokens=20]]"}
    answer = request(gateway, "POST", COMPLETIONS, body, bearer(alice))
    usage = json.loads(answer.body)["usage"]
    check_one_figure(gateway, alice, answer.id, usage, 0)
