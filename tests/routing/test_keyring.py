"""Which of several credentials is used now."""

from __future__ import annotations

import pytest
from routing_builders import provider

from catalog.credentials import ProviderCredential
from routing import failures
from routing.chunk import Failure
from routing.keyring import NO_CREDENTIAL, Keyring, is_of_credential

A, B, C = (ProviderCredential(f"together:{n}", f"key {n}", "stored", f"sk-{n}") for n in (1, 2, 3))


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keyring(clock):
    return Keyring(lambda: {each.id: each for each in (A, B, C)}, window_s=10, clock=clock)


def having(*credentials):
    return provider("Together", credential_ids=tuple(each.id for each in credentials))


def test_all_are_tried_in_order(keyring):
    assert list(keyring.usable(having(C, A))) == [C, A]


def test_who_needs_none_has_one_that_says_so(keyring):
    assert list(keyring.usable(having())) == [NO_CREDENTIAL]
    assert NO_CREDENTIAL.secret == "none"


def test_what_was_taken_away_meanwhile_is_not_used(keyring):
    gone = ProviderCredential("together:9", "gone", "stored", "sk-9")
    assert list(keyring.usable(having(gone, B))) == [B]
    assert list(keyring.usable(having(gone))) == [NO_CREDENTIAL]


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_one_comes_back_after_a_minute(keyring, clock, status):
    keyring.failed(A, Failure(status, "no"))
    assert list(keyring.usable(having(A, B, C))) == [B, C]
    clock.now_s += 59.9
    assert list(keyring.usable(having(A, B, C))) == [B, C]
    clock.now_s += 0.2
    assert list(keyring.usable(having(A, B, C))) == [A, B, C]


@pytest.mark.parametrize(("retry_after_s", "held_s"), [(None, 1), (0.2, 1), (4, 4), (3600, 10)])
def test_a_limited_one_waits_as_long_as_it_was_told_within_the_window(
    keyring, clock, retry_after_s, held_s
):
    keyring.failed(A, Failure(429, "slow down", retry_after_s=retry_after_s))
    clock.now_s += held_s - 0.1
    assert list(keyring.usable(having(A, B))) == [B]
    clock.now_s += 0.2
    assert list(keyring.usable(having(A, B))) == [A, B]


def test_when_all_are_held_back_the_one_that_is_free_first_is_tried_alone(keyring):
    keyring.failed(A, Failure(401, "no"))
    keyring.failed(B, Failure(429, "slow", retry_after_s=9))
    keyring.failed(C, Failure(429, "slow", retry_after_s=3))
    assert list(keyring.usable(having(A, B, C))) == [C]


def test_the_only_one_is_always_used(keyring):
    keyring.failed(A, Failure(401, "no"))
    assert list(keyring.usable(having(A))) == [A]


def test_a_limit_does_not_shorten_a_refusal(keyring, clock):
    keyring.failed(A, Failure(401, "no"))
    keyring.failed(A, Failure(429, "slow"))
    clock.now_s += 30
    assert list(keyring.usable(having(A, B))) == [B]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (failures.failure(401, "bad key"), True),
        (failures.failure(402, "pay"), True),
        (failures.failure(403, "not yours"), True),
        (failures.failure(429, "slow down"), True),
        (failures.failure(403, "flagged by moderation"), False),
        (failures.failure(400, "bad request"), False),
        (failures.failure(500, "oops"), False),
        (failures.failure(529, "overloaded"), False),
    ],
)
def test_when_another_credential_may_do_better(failure, expected):
    assert is_of_credential(failure) == expected
