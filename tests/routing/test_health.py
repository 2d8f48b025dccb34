"""Outages: when an endpoint counts as unstable, and when again as stable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.health import Health

ALICE, BOB = 1, 2  # two endpoints


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def health(clock):
    return Health(window_s=10.0, clock=clock)


def test_whoever_never_failed_is_stable(health):
    for _ in range(3):
        health.succeeded(ALICE)
    assert health.is_stable(ALICE)
    assert health.is_stable(BOB)


def test_a_failure_is_of_one_endpoint(health):
    health.failed(ALICE)
    assert not health.is_stable(ALICE)
    assert health.is_stable(BOB)


def test_a_failure_is_forgotten_after_the_window(health, clock):
    health.failed(ALICE)
    clock.now += 9.9
    assert not health.is_stable(ALICE)
    clock.now += 0.1
    assert health.is_stable(ALICE)
    health.failed(ALICE)
    assert not health.is_stable(ALICE)


def test_window_moves_with_the_last_failure(health, clock):
    for _ in range(5):
        health.failed(ALICE)
        clock.now += 6
    assert not health.is_stable(ALICE)
    clock.now += 4
    assert health.is_stable(ALICE)


def test_four_answers_outweigh_a_failure(health):
    health.failed(ALICE)
    for _ in range(3):
        health.succeeded(ALICE)
        assert not health.is_stable(ALICE)
    health.succeeded(ALICE)
    assert health.is_stable(ALICE)
    health.failed(ALICE)
    assert not health.is_stable(ALICE)


def test_answers_from_before_the_outage_do_not_hide_it(health, clock):
    """One failure now and then among thousands of answers, and suddenly nothing but failures."""
    for _ in range(20):
        health.failed(ALICE)
        for _ in range(1000):
            health.succeeded(ALICE)
        clock.now += 9
        assert health.is_stable(ALICE)
    clock.now += 0.9
    health.failed(ALICE)
    clock.now += 5
    for _ in range(300):
        health.failed(ALICE)
    assert not health.is_stable(ALICE)


def test_an_ejected_endpoint_is_unstable_until_its_time_is_over(health, clock):
    health.failed(ALICE, eject_s=60)
    for _ in range(100):
        health.succeeded(ALICE)
    clock.now += 59
    assert not health.is_stable(ALICE)
    health.failed(ALICE)  # without an ejection, it does not shorten the first
    assert not health.is_stable(ALICE)
    clock.now += 11
    assert health.is_stable(ALICE)


def test_window_is_a_setting(clock):
    health = Health(window_s=30, clock=clock)
    health.failed(ALICE)
    clock.now += 29
    assert not health.is_stable(ALICE)
    clock.now += 1
    assert health.is_stable(ALICE)


def test_failures_of_an_endpoint_nobody_asks_about_do_not_pile_up(health, clock):
    """The only endpoint of a model is never compared with others, so nobody asks is_stable."""
    for _ in range(10_000):
        health.failed(ALICE)
        clock.now += 1
    assert len(health._failing[ALICE].failures) <= 11


EVENTS = st.lists(st.tuples(st.sampled_from(["failed", "succeeded"]), st.floats(0, 12)))


@given(EVENTS)
def test_as_a_list_of_all_that_happened_would_tell(events):
    """The model: failures of the window, and the answers since the oldest of them."""
    clock = Clock()
    health, happened = Health(window_s=10.0, clock=clock), []
    for name, wait_s in events:
        clock.now += wait_s
        happened.append((name, clock.now))
        getattr(health, name)(ALICE)
        recent = [
            number
            for number, (kind, at) in enumerate(happened)
            if kind == "failed" and at > clock.now - 10
        ]
        answers = sum(kind == "succeeded" for kind, _ in happened[recent[0] :]) if recent else 0
        assert health.is_stable(ALICE) == (answers >= 4 * len(recent))
