"""Who is tried next, and how often: the next model, the limits of a request, the retry budget."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway_process import unique
from wire_client import CHAT, TURBO, bearer, chat, only, request, stream, user
from wire_records import LLAMA, charged, generation_row, providers_asked

pytestmark = pytest.mark.database

MIXTRAL = "mistralai/mixtral-8x7b-instruct"
TOO_LONG = 'message="This model\'s maximum context length is 16385 tokens"'
# Beside what test_wire_routing shows: 400, 422, 503, reset.
FAILURES = [
    "status=408", "status=413", "status=429", "status=529", "status=401", "status=402", "html",
    "empty", "badjson", "cut_after=0", "role_only_then_error", "first_event_error=503",
    f"status=400 {TOO_LONG}", "moderated",
]  # fmt: skip
# Of a burst, all of it in flight at once; a share of it may try again.
CROWD = 60
RETRIES_IN_FLIGHT = CROWD * 0.2


@pytest.fixture(scope="module")
def crowded(new_gateway):
    """A server of our own: what fails here is known to fail for ten seconds."""
    return new_gateway().start()


@pytest.fixture(scope="module")
def charlie(crowded):
    return crowded.caller(credits="50")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("words", FAILURES)
def test_any_failure_of_a_model_gives_the_next_one_its_turn(gateway, alice, words, streamed):
    marker = unique()
    text = f"{marker} [[simulate {words} provider=openai]] [[say: from another]]"
    send = stream if streamed else chat
    answer = send(gateway, alice, text, TURBO, models=[LLAMA], max_tokens=50)
    assert answer.status == 200, answer.body
    assert answer.text == "from another"
    asked = providers_asked(gateway, marker)
    assert asked[0] == "openai" and len(asked) == 2
    row = generation_row(gateway, answer.id)
    assert row["model"] == LLAMA
    assert charged(gateway, answer.id) == row["cost_nano"] > 0


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("words", ["status=400", "status=413", "status=422"])
def test_a_request_at_fault_is_asked_of_nobody_else(gateway, alice, words, streamed):
    marker = unique()
    answer = (stream if streamed else chat)(
        gateway, alice, f"{marker} [[simulate {words} provider=together]]", LLAMA,
        provider=only("Together", "Fireworks"),
    )  # fmt: skip
    assert answer.status == answer.error["code"] == 400
    assert answer.error["metadata"]["provider_name"] == "Together"
    assert providers_asked(gateway, marker) == ["together"]
    assert charged(gateway, answer.id) == 0


def test_too_long_for_one_is_asked_of_a_longer_context_only(gateway, alice):
    """Together has 8,000 tokens of this model, the others 8,192."""
    for order, asked in (
        (("Together", "Fireworks"), ["together", "fireworks"]),
        (("Fireworks", "Together", "Lepton"), ["fireworks"]),
    ):
        marker = unique()
        answer = chat(
            gateway, alice, f"{marker} [[simulate status=400 {TOO_LONG}]]", LLAMA,
            provider=only(*order),
        )  # fmt: skip
        assert answer.status == 400
        assert answer.error["metadata"]["error_type"] == "context_length_exceeded"
        assert providers_asked(gateway, marker) == asked
        assert charged(gateway, answer.id) == 0


def test_a_model_that_is_too_slow_gives_the_next_one_its_turn(impatient_gateway, bob):
    marker = unique()
    text = f"{marker} [[simulate hang provider=openai]] [[say: from another]]"
    answer = stream(impatient_gateway, bob, text, TURBO, models=[LLAMA])
    assert answer.is_done and answer.text == "from another"
    assert charged(impatient_gateway, answer.id) > 0


def test_a_model_nobody_may_serve_is_passed_over(gateway, alice):
    marker = unique()
    answer = chat(
        gateway, alice, f"{marker} [[say: hi]]", "deepseek/deepseek-chat", models=[LLAMA],
        provider={"data_collection": "deny"},
    )  # fmt: skip
    assert answer.status == 200, answer.body
    assert answer.json["model"] == LLAMA
    assert len(providers_asked(gateway, marker)) == 1


def test_what_is_told_when_every_model_failed_is_the_end_of_the_story(gateway, alice):
    marker = unique()
    text = f"{marker} [[simulate status=400 model=gpt-3.5-turbo]] [[simulate status=503]]"
    answer = chat(gateway, alice, text, TURBO, models=[LLAMA], provider={"ignore": ["azure"]})
    assert answer.status == 502
    attempts = answer.error["metadata"]["attempts"]
    assert attempts[0]["model"] == TURBO and attempts[-1]["model"] == LLAMA
    assert len(attempts) == len(gateway.upstream(marker)) == 4
    assert charged(gateway, answer.id) == 0


def test_at_most_three_endpoints_of_a_model_are_tried(gateway, alice):
    marker = unique()
    everyone = ("Together", "Fireworks", "Lepton", "OctoAI", "DeepInfra")
    answer = chat(
        gateway, alice, f"{marker} [[simulate status=503]]", LLAMA, provider=only(*everyone)
    )
    assert answer.status == 502
    assert providers_asked(gateway, marker) == ["together", "fireworks", "lepton"]
    assert [each["provider"] for each in answer.error["metadata"]["attempts"]] == [
        "Together", "Fireworks", "Lepton",
    ]  # fmt: skip


def test_at_most_six_endpoints_of_a_request_are_tried(gateway, alice):
    marker = unique()
    body = {
        "model": LLAMA, "models": ["mistralai/mixtral-8x7b-instruct", TURBO],
        "messages": user(f"{marker} [[simulate status=503]]"),
    }  # fmt: skip
    answer = request(gateway, "POST", CHAT, body, bearer(alice))
    assert answer.status == 502
    assert len(gateway.upstream(marker)) == 6
    assert len(answer.error["metadata"]["attempts"]) == 6


def at_once(gateway, caller, text, **body):
    with ThreadPoolExecutor(CROWD) as threads:
        sent = [threads.submit(chat, gateway, caller, text, LLAMA, **body) for _ in range(CROWD)]
        return [each.result() for each in sent]


def test_when_everything_fails_only_a_share_of_all_requests_tries_again(crowded, charlie):
    everyone = only("Together", "Fireworks", "Lepton")
    # All three are known to fail; what is not is always worth a try.
    assert chat(
        crowded, charlie, "[[simulate status=503]]", LLAMA, provider=everyone
    ).status == 502  # fmt: skip
    marker = unique()
    # Long enough for all of them to be in flight before the first one fails.
    text = f"{marker} [[simulate status=503 ttft_ms=1500]]"
    answers = at_once(crowded, charlie, text, provider=everyone)
    asked = len(crowded.upstream(marker))
    # Each may try twice more, were there no budget: 180.
    assert CROWD < asked <= CROWD + 2 * RETRIES_IN_FLIGHT + 2
    for answer in answers:
        assert answer.status == answer.error["code"] == 502
        assert 1 <= len(answer.error["metadata"]["attempts"]) <= 3
        assert charged(crowded, answer.id) == 0


def test_a_provider_that_is_well_is_open_to_all_who_failed_elsewhere(crowded, charlie):
    marker = unique()
    text = f"{marker} [[simulate status=503 ttft_ms=300 provider=octoai]] [[say: hi]]"
    answers = at_once(crowded, charlie, text, provider=only("OctoAI", "DeepInfra"))
    assert {answer.status for answer in answers} == {200}
    assert len(crowded.upstream(marker)) == 2 * CROWD
