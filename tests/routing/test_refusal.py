"""What callers are told when nobody could serve, and what they are not told."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import chat_request, endpoint, provider, size

from billing.refusals import (
    AccountFrozen,
    InsufficientCredits,
    KeyDisabled,
    KeyLimitExceeded,
)
from routing import refusal
from routing.attempt_log import Attempt
from routing.chunk import Failure
from routing.refusal import in_band, last_said, masked, of_failures, of_ledger, shortened

A, B = endpoint(1, provider("Azure")), endpoint(2, provider("Bedrock"))
SITE = "https://gateway.example"


def refused(*failures, attempts=()):
    return of_failures([(failure, A) for failure in failures], list(attempts), chat_request())


# --- Masking -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    [
        "sk-or-v1-" + "0a" * 32,
        "sk-proj-abcDEF123_456-789xyz",
        "sk-ant-api03-abcdef_ghijkl-mnopqr",
        "sk-abc*************************xyz",
        "gsk_0123456789abcdefABCDEF",
        "hf_0123456789abcdefABCDEF",
        "r8_0123456789abcdefABCDEF",
        "fw_0123456789abcdefABCDEF",
        "xai-0123456789abcdefABCDEF",
        "pplx-0123456789abcdefABCDEF",
        "AIzaSyA0123456789abcdefghijklmnopqrstuv",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
        "key-0123456789abcdef0123456789abcdef",
    ],
)
@pytest.mark.parametrize("around", ["{}", "Incorrect API key: {}.", '{{"key":"{}"}}', "a={}&b=1"])
def test_keys_are_masked_wherever_they_stand(secret, around):
    text = masked(around.format(secret))
    assert "***" in text
    for part in (secret, secret[8:], secret[-8:]):
        assert part not in text


@pytest.mark.parametrize("words", ["Bearer abc", "bearer  abc", "Authorization: BEARER abc"])
def test_bearer_tokens_are_masked_whatever_they_look_like(words):
    assert "abc" not in masked(words)


@pytest.mark.parametrize(
    "words", ["The model is overloaded.", "max_tokens must be below 4096", "asking skillfully", ""]
)
def test_other_words_stay(words):
    assert masked(words) == words


def test_long_words_are_cut_after_masking():
    text = masked("x" * 490 + " sk-proj-" + "a" * 5000)
    assert len(text) <= 500
    assert "aaa" not in text


# --- Every endpoint failed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure(400, "bad", permanent=True), 400),
        (Failure(413, "large", permanent=True), 400),
        (Failure(422, "odd", permanent=True), 400),
        (Failure(401, "no"), 502),
        (Failure(402, "no"), 502),
        (Failure(403, "no"), 502),
        (Failure(404, "no"), 502),
        (Failure(408, "slow"), 408),
        (Failure(429, "busy"), 429),
        (Failure(529, "busy"), 429),
        (Failure(500, "boom"), 502),
        (Failure(502, "boom"), 502),
        (Failure(503, "boom"), 502),
    ],
)
def test_status_after_the_last_failure(failure, code):
    error = refused(Failure(503, "first"), failure) if code != 429 else refused(failure)
    assert error.code == code
    assert error.body()["error"]["code"] == code
    assert error.metadata["provider_name"] == "Azure"


def test_a_refusal_keeps_the_words_that_clients_match_on():
    error = refused(Failure(503, "boom, sk-proj-0123456789abcdef"))
    assert error.message == "Provider returned error"
    assert error.metadata["raw"] == "boom, ***"
    permanent = refused(Failure(400, "temperature is odd", permanent=True))
    assert permanent.message == "temperature is odd"
    assert refused(Failure(400, "", permanent=True)).message


@pytest.mark.parametrize("status", [401, 402, 403])
def test_what_a_provider_says_of_our_account_is_nobodys_business(status):
    failure = Failure(status, "Incorrect key 0123456789 of organization org-lighthouse")
    texts = [str(refused(failure).body()), str(in_band(failure, "Azure").body())]
    assert all("organization" not in text and "lighthouse" not in text for text in texts)
    assert refused(failure).code == in_band(failure, "Azure").code == 502


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        ([30, 5, 10], 5), ([None, 7], 7), ([None, None], 1), ([0.2], 1), ([0, 30], 1),
        ([2.6], 3), ([10**9], 3600), ([math.inf], 3600), ([math.inf, 4], 4), ([1e308], 3600),
    ],
)  # fmt: skip
def test_all_busy_is_429_with_the_smallest_wait(waits, seconds):
    error = refused(*(Failure(429, "busy", retry_after_s=wait) for wait in waits))
    assert error.code == 429
    assert error.retry_after_s == error.metadata["retry_after_seconds"] == seconds
    assert error.headers() == {"Retry-After": str(seconds)}
    assert error.metadata["limit_source"] == "upstream_provider"


def test_one_that_was_not_busy_makes_it_no_429():
    busy, broken = Failure(429, "busy", retry_after_s=5), Failure(500, "boom")
    assert refused(busy, broken).code == refused(broken, busy).code == 502


def test_attempts_are_told():
    attempts = [Attempt("m", "Azure", 503, 12, "boom"), Attempt("m", "Bedrock", 0, 3)]
    error = of_failures([(Failure(503, "x"), A), (Failure(500, "y"), B)], attempts, chat_request())
    assert error.metadata["provider_name"] == "Bedrock"
    assert error.metadata["attempts"] == [
        {"model": "m", "provider": "Azure", "status": 503, "ms": 12, "error": "boom"},
        {"model": "m", "provider": "Bedrock", "status": 0, "ms": 3},
    ]


@given(st.lists(st.builds(
    Failure, st.integers(0, 999), st.text(), st.none() | st.floats(min_value=0), st.booleans()
), min_size=1, max_size=3))  # fmt: skip
def test_every_mixture_of_failures_has_an_answer(failures):
    assert refused(*failures).code in {400, 408, 429, 502}
    assert in_band(failures[0], "Azure").code in {408, 429, 502}


@pytest.mark.parametrize(("status", "code"), [(408, 408), (429, 429), (500, 502), (400, 502)])
def test_an_answer_that_breaks_off(status, code):
    error = in_band(Failure(status, "sk-proj-0123456789abcdef"), "Azure")
    assert error.code == code
    assert error.metadata == {"provider_name": "Azure", "raw": "***"}


# --- The ledger refused --------------------------------------------------------------------------


def ledger(error, asked=None, endpoints=(A,)):
    return of_ledger(error, asked or size(100, 100, max_tokens=900), endpoints, SITE)


def test_a_disabled_key_is_401():
    assert (ledger(KeyDisabled()).code, ledger(KeyDisabled()).message) == (401, "User not found.")


def test_a_frozen_account_is_402():
    error = ledger(AccountFrozen())
    assert (error.code, error.metadata["limit_source"]) == (402, "account_frozen")


@pytest.mark.parametrize("available", [0, -5])
def test_nothing_left_names_the_page(available):
    error = ledger(InsufficientCredits(available, 10))
    assert error.code == 402
    assert error.message == f"Insufficient credits. Add more using {SITE}/settings/credits"
    error = ledger(KeyLimitExceeded(available, 10, 2_000_000_000, 2_000_000_005))
    assert error.code == 402
    assert error.message.endswith(f"Manage it using {SITE}/settings/keys")
    assert (error.metadata["limit"], error.metadata["usage"]) == (2.0, 2.000000005)
    assert error.metadata["limit_source"] == "openrouter_key_limit"


def test_too_little_names_what_can_be_afforded():
    """100 tokens of prompt at a thousand nano-dollars each, and the rest for the answer."""
    error = ledger(InsufficientCredits(142_500, 10**9))
    assert error.code == 402
    assert "up to 900 tokens, but can only afford 42." in error.message
    assert error.metadata["affordable_max_tokens"] == 42
    assert error.metadata["available"] == 0.0001425
    assert error.metadata["limit_source"] == "openrouter_credits"
    dear = endpoint(2, "Bedrock", completion=2 * 1_000_000)
    error = ledger(InsufficientCredits(142_500, 10**9), endpoints=(A, dear))
    assert error.metadata["affordable_max_tokens"] == 21
    error = ledger(InsufficientCredits(142_500, 10**9), size(100, 100))
    assert "You requested the whole prompt" in error.message


def test_an_error_that_is_no_refusal_is_not_swallowed():
    with pytest.raises(refusal.LedgerError):
        ledger(refusal.LedgerError())


# --- Moderation ----------------------------------------------------------------------------------

FLAGGED = Failure(403, "flagged", permanent=True, kind="moderation", reasons=("hate", "violence"))


def test_a_flagged_input_is_403_with_what_was_flagged():
    error = of_failures([(Failure(503, "x"), B), (FLAGGED, A)], [], chat_request("how to harm"))
    assert error.code == 403
    assert error.metadata["reasons"] == ["hate", "violence"]
    assert error.metadata["flagged_input"] == "how to harm"
    assert error.metadata["provider_name"] == A.provider.name
    assert error.metadata["model_slug"] == A.model_id
    assert error.metadata["raw"] == "flagged"


def test_the_flagged_input_is_the_last_thing_said_by_the_user_and_short():
    said = ({"role": "user", "content": "old"}, {"role": "user", "content": "a" * 90 + "b" * 90},
            {"role": "assistant", "content": "no"})  # fmt: skip
    shown = shortened(last_said(chat_request(messages=said)))
    assert len(shown) <= 100 and shown.startswith("aaa") and shown.endswith("bbb")
    assert "..." in shown
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "x"}}]
    assert last_said(chat_request(messages=({"role": "user", "content": parts},))) == "look"
    assert last_said(chat_request(messages=None, prompt="raw")) == "raw"
