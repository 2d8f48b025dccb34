from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from activity_builders import DAY, HOUR, NOW, generation, record

from activity import periods
from activity.overview import Card, overview
from activity.rollup import roll_up
from activity.scope import Scope

pytestmark = pytest.mark.django_db

UTC, KATHMANDU = ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")


def last_week(person, zone=UTC):
    return overview(person.reading, periods.last("7d", NOW, zone))


@pytest.mark.parametrize("is_summed_up", [False, True])
def test_cards_compare_a_period_with_the_one_before(alice, is_summed_up):
    record(
        generation(alice, NOW - HOUR, cost_nano=300, tokens_prompt=5, tokens_completion=7),
        generation(alice, NOW - DAY, cost_nano=100, finish_reason="error", latency_ms=None),
        generation(alice, NOW - 2 * DAY, cost_nano=0, cancelled=True, latency_ms=19),
        generation(alice, NOW - 8 * DAY, cost_nano=100, tokens_prompt=4, tokens_completion=8),
        # Later on the day that the period before ends in: in neither of them.
        generation(alice, NOW - 7 * DAY + HOUR, cost_nano=10**12),
        generation(alice, NOW - 20 * DAY, cost_nano=10**12),
    )
    if is_summed_up:
        roll_up(NOW)
    found = last_week(alice)
    assert (found.spend_nano.value, found.spend_nano.before) == (400, 100)
    assert found.spend_nano.change_percent == 300
    assert (found.requests.value, found.requests.before) == (3, 1)
    assert (found.success_bp.value, found.success_bp.before) == (6_666, 10_000)
    assert (found.current.failures, found.current.cancelled) == (1, 1)
    assert (found.tokens_prompt.value, found.tokens_prompt.change_percent) == (25, 525)
    assert (found.tokens_completion.value, found.tokens_completion.before) == (47, 8)
    assert (found.first_content_p50_ms.value, found.first_content_p50_ms.before) == (19, 396)
    assert found.first_content_p95_ms.value == 396


def test_nothing_at_all_has_no_rates(alice):
    found = last_week(alice)
    assert found.spend_nano == Card(0, 0)
    assert found.success_bp == found.first_content_p50_ms == Card(None, None)
    assert found.requests.change_percent is None


@pytest.mark.parametrize(
    ("value", "before", "change"),
    [(150, 100, 50), (1, 3, -67), (0, 5, -100), (1005, 1000, 1), (995, 1000, -1), (5, 0, None)],
)
def test_changes_are_whole_percents(value, before, change):
    assert Card(value, before).change_percent == change


def test_one_failure_among_very_many_is_not_a_success_of_100_percent(alice):
    record(generation(alice, NOW, finish_reason="error"), generation(alice, NOW))
    record(*(generation(alice, NOW) for _ in range(20_000 // 200)))
    found = overview(alice.reading, periods.last("24h", NOW + HOUR, UTC))
    assert found.success_bp.value == 10_000 * 101 // 102


@pytest.mark.parametrize("is_summed_up", [False, True])
def test_a_day_begins_at_midnight_of_the_zone_even_within_an_hour_of_utc(alice, is_summed_up):
    midnight = periods.midnight(date(2024, 5, 14), KATHMANDU)
    assert midnight.minute == 15
    record(
        generation(alice, midnight - periods._HOUR / 60, cost_nano=1),
        generation(alice, midnight, cost_nano=10),
        generation(alice, midnight + DAY - periods._HOUR / 60, cost_nano=100),
        generation(alice, midnight + DAY, cost_nano=1000),
    )
    if is_summed_up:
        roll_up(NOW + DAY)
    day = periods.custom(date(2024, 5, 14), date(2024, 5, 14), NOW, KATHMANDU)
    assert overview(alice.reading, day).spend_nano == Card(110, 1)


def test_only_streams_tell_of_the_first_content(alice):
    record(
        generation(alice, NOW - HOUR, latency_ms=10),
        generation(alice, NOW - HOUR, latency_ms=90_000, streamed=False),
    )
    assert last_week(alice).first_content_p95_ms.value == 10


@pytest.mark.parametrize("is_summed_up", [False, True])
def test_others_see_nothing_and_members_their_keys_only(alice, bob, is_summed_up):
    record(
        generation(alice, NOW - 2 * DAY, 0, cost_nano=1),
        generation(alice, NOW - 2 * DAY, 1, cost_nano=10),
        generation(alice, NOW - 2 * DAY, None, cost_nano=100),
        generation(bob, NOW - 2 * DAY, 0, cost_nano=1000, latency_ms=7),
    )
    if is_summed_up:
        roll_up(NOW)
    period = periods.last("7d", NOW, UTC)

    def spend(scope):
        reading = type(alice.reading).of(scope)
        return overview(reading, period).spend_nano.value

    assert spend(alice.scope) == 111
    assert spend(bob.scope) == 1000
    assert spend(Scope(alice.user_id, frozenset(alice.key_ids[1:]))) == 10
    assert spend(Scope(alice.user_id, frozenset(bob.key_ids))) == 0
    assert spend(Scope(alice.user_id, frozenset())) == 0
    assert last_week(alice).first_content_p50_ms.value == 396
