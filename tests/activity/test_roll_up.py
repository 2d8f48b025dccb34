from __future__ import annotations

import io

import pytest
from activity_builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    cells_of,
    generation,
    record,
    sums,
    sums_of,
    totals_of,
)
from django.core.management import call_command
from django.db import connection

from accounts.models import ApiKey
from activity import tasks
from activity.measures import Totals
from activity.models import UsageDay, UsageHour, Watermark
from activity.rollup import rebuild, roll_up
from billing.models import Generation, LateHour
from openrouter_site.celery import BEAT_TABLE

pytestmark = pytest.mark.django_db

WEEK = (NOW - 7 * DAY, NOW)


def one_total(person, span=WEEK):
    return person.reading.usage(*span).get((0, ()), Totals())


def test_an_hour_is_summed_up_forty_minutes_after_its_end(alice):
    record(generation(alice, NOW - 2 * HOUR), generation(alice, NOW - HOUR))
    roll_up(NOW - 20 * MINUTE)
    assert Watermark.objects.get().until == NOW.replace(hour=11, minute=0, second=0)
    assert [row.begins_at.hour for row in UsageHour.objects.all()] == [10]
    roll_up(NOW + 20 * MINUTE)
    assert sorted(row.begins_at.hour for row in UsageHour.objects.all()) == [10, 11]


def test_a_day_is_summed_up_with_its_last_hour(alice):
    record(*(generation(alice, NOW - hours * HOUR) for hours in range(30)))
    roll_up(NOW)
    [day] = UsageDay.objects.all()
    assert (day.begins_at.day, day.requests) == (14, 17)
    assert sums() == sums_of(Watermark.objects.get().until)


def test_a_day_whose_last_hours_were_quiet_is_summed_up_too(alice):
    record(generation(alice, NOW))
    roll_up(NOW + 2 * HOUR)
    assert not UsageDay.objects.exists()
    roll_up(NOW + 3 * DAY)
    assert UsageDay.objects.get().requests == 1


def test_rolling_up_twice_is_rolling_up_once(alice):
    record(*(generation(alice, NOW - hours * HOUR, hours % 2) for hours in range(60)))
    roll_up(NOW)
    once = sums()
    assert roll_up(NOW) == 0
    assert sums() == once


def test_a_clock_that_went_back_takes_nothing_away(alice):
    record(generation(alice, NOW - 5 * HOUR))
    roll_up(NOW)
    once = sums()
    roll_up(NOW - 4 * HOUR)
    assert sums() == once
    assert one_total(alice).requests == 1


@pytest.mark.parametrize("age", [3 * HOUR, 5 * DAY])
def test_what_comes_late_is_seen_at_once_and_summed_up_the_next_time(alice, age):
    record(generation(alice, NOW - age), generation(alice, NOW - 6 * DAY))
    roll_up(NOW)
    late = generation(alice, NOW - age, cost_nano=7)
    record(late, now=NOW)
    assert LateHour.objects.count() == 1
    assert one_total(alice).requests == 3
    assert UsageHour.objects.count() == 2
    assert roll_up(NOW) == 1
    assert not LateHour.objects.exists()
    assert one_total(alice) == totals_of(Generation.objects.all())
    assert sums() == sums_of(Watermark.objects.get().until)


def test_a_correction_of_an_old_generation_changes_its_sums(alice):
    made = generation(alice, NOW - 2 * DAY, cost_nano=100)
    record(made)
    roll_up(NOW)
    made.cost_nano, made.finish_reason = 30, "error"
    record(made, now=NOW)
    assert (one_total(alice).cost_nano, one_total(alice).failures) == (30, 1)
    roll_up(NOW)
    assert UsageDay.objects.get().cost_nano == UsageHour.objects.get().cost_nano == 30


def test_what_is_recorded_in_time_leaves_no_note(alice):
    record(generation(alice, NOW - 29 * MINUTE), now=NOW)
    assert not LateHour.objects.exists()
    record(generation(alice, NOW - 31 * MINUTE), now=NOW)
    assert LateHour.objects.exists()


def test_a_note_of_an_hour_that_is_not_summed_up_yet_waits_for_it(alice):
    record(generation(alice, NOW - 50 * MINUTE), now=NOW)
    roll_up(NOW)
    assert LateHour.objects.count() == 1
    assert one_total(alice).requests == 1
    roll_up(NOW + HOUR)
    assert not LateHour.objects.exists()
    assert one_total(alice).requests == 1


def test_a_late_one_leaves_other_people_alone(alice, bob):
    record(generation(alice, NOW - 3 * HOUR), generation(bob, NOW - 3 * HOUR))
    roll_up(NOW)
    bobs = UsageHour.objects.get(user_id=bob.user_id)
    record(generation(alice, NOW - 3 * HOUR), now=NOW)
    roll_up(NOW)
    assert UsageHour.objects.get(user_id=bob.user_id) == bobs
    assert one_total(bob).requests == 1
    assert one_total(alice).requests == 2


def test_sums_of_a_deleted_key_stay_without_it(alice):
    record(generation(alice, NOW - 2 * DAY, 0), generation(alice, NOW - 2 * DAY, 1))
    roll_up(NOW)
    ApiKey.objects.filter(pk__in=alice.key_ids).delete()
    assert one_total(alice).requests == 2
    assert set(UsageDay.objects.values_list("key_id", flat=True)) == {None}
    rebuild()
    assert sums() == sums_of(Watermark.objects.get().until)


def test_a_rebuild_puts_wrong_sums_right(alice):
    record(*(generation(alice, NOW - hours * HOUR) for hours in range(80)))
    roll_up(NOW)
    right = sums()
    UsageHour.objects.update(requests=5, cost_nano=0)
    UsageDay.objects.update(requests=5)
    one = UsageHour.objects.earliest("begins_at")
    UsageHour.objects.filter(pk=one.pk).update(begins_at=one.begins_at - 2 * DAY)
    rebuild()
    assert sums() == right


def test_the_command_says_how_many_hours_it_took(alice):
    record(*(generation(alice, NOW - hours * HOUR) for hours in range(3)))
    told = [io.StringIO(), io.StringIO()]
    call_command("roll_up_usage", stdout=told[0])
    call_command("roll_up_usage", "--rebuild", stdout=told[1])
    assert [each.getvalue().strip() for each in told] == ["3 hours summed up"] * 2


def test_the_clock_runs_the_task(alice):
    assert BEAT_TABLE["roll up usage"]["task"] == tasks.roll_up_usage.name
    record(generation(alice, NOW))
    tasks.roll_up_usage()
    assert UsageHour.objects.get().requests == 1


def test_the_longest_texts_a_generation_can_hold_are_summed_up(alice):
    # Four bytes each and not to be compressed: an index entry has a largest size.
    def wild(length, seed):
        return "".join(chr(0x10000 + (seed * 7919 + n * 104_729) % 0x8FFFF) for n in range(length))

    record(
        generation(
            alice, NOW - DAY, model=wild(128, 1), provider_name=wild(64, 2),
            app_referer=wild(512, 3), app_title=wild(128, 4),
        )
    )  # fmt: skip
    roll_up(NOW)
    assert sums() == sums_of(Watermark.objects.get().until)


def test_a_roll_up_that_breaks_off_changes_nothing(alice):
    record(generation(alice, NOW - 2 * DAY))

    def refuse(execute, sql, parameters, many, context):
        if sql.startswith("INSERT INTO activity_usageday"):
            raise KeyboardInterrupt
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(KeyboardInterrupt):
        roll_up(NOW)
    assert not UsageHour.objects.exists()
    assert one_total(alice).requests == 1
    roll_up(NOW)
    assert sums() == sums_of(Watermark.objects.get().until)


def test_hours_cost_the_same_few_queries_whoever_uses_them(alice, django_assert_num_queries):
    record(*(generation(alice, NOW - HOUR - n * MINUTE, model=f"m/{n}") for n in range(40)))
    roll_up(NOW + HOUR)
    reading = alice.reading
    with django_assert_num_queries(3):
        cells = reading.usage(*WEEK)
    assert cells == cells_of(alice.scope, *WEEK)
