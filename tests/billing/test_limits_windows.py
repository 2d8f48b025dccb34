"""Windows: no stretch of their length holds more than their limit, and Redis says the same."""

from __future__ import annotations

import itertools

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_server import running

from billing.shared_windows import SCRIPT, Asked, decoded, encoded
from billing.windows import DAY_US, SECOND_US, Day, Window, Windows

# 1 May 2024, 12:00 UTC.
NOON_US = 1_714_564_800 * SECOND_US
TODAY = NOON_US // DAY_US
MIDNIGHT_US = (TODAY + 1) * DAY_US
SURGE = Window("surge", 200, SECOND_US)
MINUTE = Window("free_minute", 20, 60 * SECOND_US)
SLOW = Window("credits", 1, SECOND_US)


def admitted(windows, times_us, *asked, day=None, account="user:1"):
    """How many of the requests at these times pass."""
    return sum(windows.take(account, asked, day, each).admitted for each in times_us)


def test_the_201st_request_within_a_second_is_refused_however_they_are_spread():
    evenly = range(NOON_US, NOON_US + SECOND_US, SECOND_US // 250)
    assert admitted(Windows(), evenly, SURGE) == 200
    assert admitted(Windows(), [NOON_US] * 250, SURGE) == 200


def test_the_wait_is_exact():
    windows = Windows()
    windows.take("user:1", (SLOW,), None, NOON_US)
    refused = windows.take("user:1", (SLOW,), None, NOON_US + 300_000)
    assert (refused.admitted, refused.wait_us) == (False, 700_000)
    assert not windows.take("user:1", (SLOW,), None, NOON_US + 999_999).admitted
    assert windows.take("user:1", (SLOW,), None, NOON_US + SECOND_US).admitted


def test_refused_requests_do_not_count():
    windows = Windows()
    assert admitted(windows, range(NOON_US, NOON_US + 10 * SECOND_US, 1000), SLOW) == 10


def test_all_windows_are_taken_or_none_and_the_longest_wait_is_told():
    windows = Windows()
    assert admitted(windows, [NOON_US] * 20, SURGE, MINUTE) == 20
    refused = windows.take("user:1", (SURGE, MINUTE), None, NOON_US)
    assert (refused.refused_by, refused.wait_us) == (1, 60 * SECOND_US)
    # The refusals took nothing of the other window.
    assert admitted(windows, [NOON_US] * 300, SURGE) == 180


def test_accounts_do_not_share_their_windows():
    windows = Windows()
    for number in range(3):
        assert admitted(windows, [NOON_US] * 9, SLOW, account=f"user:{number}") == 1


def test_keys_with_other_limits_share_the_window_of_the_account():
    windows = Windows()
    assert admitted(windows, [NOON_US] * 9, Window("credits", 5, SECOND_US)) == 5
    assert admitted(windows, [NOON_US] * 9, Window("credits", 3, SECOND_US)) == 0
    assert admitted(windows, [NOON_US] * 9, Window("credits", 7, SECOND_US)) == 2


def test_a_day_begins_at_midnight_utc():
    windows, day = Windows(), Day(200, 0, 0)
    late = MIDNIGHT_US - SECOND_US
    assert admitted(windows, [late] * 300, day=day) == 200
    refused = windows.take("user:1", (), day, late)
    assert (refused.refused_by, refused.wait_us, refused.today) == (0, SECOND_US, TODAY)
    assert admitted(windows, [MIDNIGHT_US] * 300, day=day) == 200


def test_a_day_counts_what_the_database_knows_of_this_day():
    assert admitted(Windows(), [NOON_US] * 300, day=Day(200, 150, TODAY)) == 50
    assert admitted(Windows(), [NOON_US] * 300, day=Day(200, 150, TODAY - 1)) == 200


def test_what_is_given_back_can_be_taken_again_on_the_same_day_only():
    windows, day = Windows(), Day(3, 0, 0)
    assert admitted(windows, [NOON_US] * 5, day=day) == 3
    windows.give_back("user:1", TODAY)
    assert admitted(windows, [NOON_US] * 5, day=day) == 1
    assert admitted(windows, [MIDNIGHT_US] * 5, day=day) == 3
    windows.give_back("user:1", TODAY)
    windows.give_back("user:9", TODAY)
    assert admitted(windows, [MIDNIGHT_US] * 5, day=day) == 0


def test_a_clock_that_is_set_back_neither_opens_nor_shuts_a_window():
    windows = Windows()
    assert admitted(windows, [NOON_US, NOON_US - 400_000], SLOW) == 1
    hour_before = NOON_US - 3600 * SECOND_US
    assert admitted(windows, [hour_before, hour_before + 1, hour_before + SECOND_US], SLOW) == 2


def test_processes_that_cannot_talk_take_a_share_each_and_at_least_one():
    each = [admitted(Windows(16), [NOON_US] * 300, SURGE) for _ in range(16)]
    assert sum(each) == 192
    assert admitted(Windows(16), [NOON_US] * 300, SLOW) == 1


def test_accounts_that_were_idle_are_forgotten_those_of_the_day_are_not():
    windows, day = Windows(), Day(1, 0, 0)
    assert admitted(windows, [NOON_US], SLOW, day=day, account="user:day") == 1
    for number in range(30_000):
        windows.take(f"user:{number}", (SLOW,), None, NOON_US + number * SECOND_US)
    assert len(windows._accounts) < 11_000
    assert admitted(windows, [NOON_US + 30_000 * SECOND_US], day=day, account="user:day") == 0


# --- Redis says the same -----------------------------------------------------------------------

LENGTHS_US = (SECOND_US, 60 * SECOND_US)
STEPS_US = (0, 1, 999, SECOND_US // 7, SECOND_US - 1, SECOND_US, 20 * SECOND_US, 61 * SECOND_US,
            DAY_US // 3, -5, -SECOND_US // 2, -SECOND_US, -3600 * SECOND_US)  # fmt: skip

requests = st.tuples(
    st.sampled_from(STEPS_US) | st.integers(0, 2 * SECOND_US),
    st.sampled_from(("user:1", "user:2")),
    st.lists(
        st.builds(
            Window, st.sampled_from(("surge", "credits", "free")), st.integers(1, 4),
            st.sampled_from(LENGTHS_US),
        ),
        max_size=3, unique_by=lambda window: window.name,
    ),
    st.none() | st.builds(Day, st.integers(1, 6), st.integers(0, 4), st.sampled_from((TODAY, 7))),
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(tool):
    """Asks the script of Redis at a time of our choice: `shared(times and requests)`."""
    with running(tool("redis-server")) as url, redis.Redis.from_url(url) as client:
        script = SCRIPT.replace("redis.call('TIME')", "{KEYS[#KEYS], '0'}")
        assert script != SCRIPT
        # Seconds are whole there; here they have six decimals and the microseconds are none.
        script = script.replace("tonumber(time[1]) * 1000000", "tonumber(time[1])")

        def ask(now_us, batch):
            keys, arguments = encoded(batch)
            return decoded(client.eval(script, len(keys) + 1, *keys, str(now_us), *arguments))

        ask.client = client
        yield ask


@given(timeline=st.lists(requests, min_size=5, max_size=60))
@settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                           HealthCheck.data_too_large],
)  # fmt: skip
def test_redis_and_memory_give_the_same_verdicts(shared, timeline):
    shared.client.flushall()
    windows, now_us = Windows(), NOON_US
    for step_us, account, asked, day in timeline:
        now_us += step_us
        (verdict,) = shared(now_us, [Asked(account, asked, day)])
        assert verdict == windows.take(account, asked, day, now_us)


@given(batch=st.lists(requests, min_size=1, max_size=30))
@settings(
    max_examples=50, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                           HealthCheck.data_too_large],
)  # fmt: skip
def test_a_batch_is_its_requests_one_after_the_other(shared, batch):
    shared.client.flushall()
    windows = Windows()
    asked = [Asked(*request[1:]) for request in batch]
    assert shared(NOON_US, asked) == [windows.take(*each, NOON_US) for each in asked]


@given(
    gaps_us=st.lists(st.integers(0, SECOND_US // 3), min_size=30, max_size=200),
    limit=st.integers(1, 9),
)
@settings(max_examples=50, deadline=None)
def test_no_stretch_of_a_second_holds_more_than_the_limit(gaps_us, limit):
    windows, window = Windows(), Window("credits", limit, SECOND_US)
    times_us = itertools.accumulate(gaps_us, initial=NOON_US)
    took = [each for each in times_us if windows.take("user:1", (window,), None, each).admitted]
    assert all(
        later - sooner >= SECOND_US for sooner, later in zip(took, took[limit:], strict=False)
    )
