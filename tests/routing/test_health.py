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


# --- Busy, probes, other processes ---------------------------------------------------------------


def test_whoever_is_busy_is_unstable_for_as_long_as_it_asks(health, clock):
    health.busy(ALICE, 4.0)
    clock.now += 3.9
    assert not health.is_stable(ALICE)
    clock.now += 0.2
    assert health.is_stable(ALICE)


@pytest.mark.parametrize(("asked", "seconds"), [(None, 1.0), (0.0, 1.0), (3600.0, 10.0)])
def test_busy_is_a_second_at_least_and_the_window_at_most(health, clock, asked, seconds):
    health.busy(ALICE, asked)
    clock.now += seconds - 0.1
    assert not health.is_stable(ALICE)
    clock.now += 0.2
    assert health.is_stable(ALICE)


def test_probes_demote_only_whom_live_traffic_has_not_used_for_a_minute(health, clock):
    health.succeeded(ALICE)
    health.demote(frozenset({ALICE, BOB}))
    assert health.is_stable(ALICE) and not health.is_stable(BOB)
    clock.now += 59
    assert health.is_stable(ALICE)
    clock.now += 2
    assert not health.is_stable(ALICE)
    health.demote(frozenset())
    assert health.is_stable(ALICE) and health.is_stable(BOB)


def test_a_live_failure_counts_though_probes_are_fine(health):
    health.demote(frozenset())
    health.failed(ALICE)
    assert not health.is_stable(ALICE)


def test_nothing_is_told_when_all_is_well(clock):
    health = Health(clock=clock, is_shared=True)
    health.succeeded(ALICE)
    assert health.take_changes() == {}
    health.failed(BOB)
    health.succeeded(BOB)
    health.busy(ALICE, 2.0)
    assert health.take_changes() == {BOB: (1, 1, 0.0), ALICE: (0, 0, 2.0)}
    assert health.take_changes() == {}


def test_who_shares_nothing_collects_nothing(health):
    health.failed(ALICE)
    assert health.take_changes() == {}


def test_what_is_applied_is_not_told_again(clock):
    health = Health(clock=clock, is_shared=True)
    health.apply({ALICE: (1, 0, 0.0)})
    assert not health.is_stable(ALICE) and health.take_changes() == {}


EVENTS = st.lists(
    st.tuples(st.sampled_from(["failed", "succeeded", "wait"]), st.integers(1, 3)), max_size=40
)


@given(EVENTS)
def test_two_who_tell_each_other_at_once_agree(events):
    """Whatever happens at Alice's, Bob who hears of each step says the same of the endpoint."""
    clock = Clock()
    alice, bob = (Health(clock=clock, is_shared=True) for _ in range(2))
    for what, endpoint in events:
        if what == "wait":
            clock.now += endpoint
        else:
            getattr(alice, what)(endpoint)
        bob.apply(alice.take_changes())
        assert [alice.is_stable(n) for n in (1, 2, 3)] == [bob.is_stable(n) for n in (1, 2, 3)]
