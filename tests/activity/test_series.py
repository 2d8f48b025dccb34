from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from activity_builders import DAY, NOW, generation, record

from accounts.models import ApiKey
from activity import periods
from activity.dimensions import APP, DIMENSIONS, KEY, MODEL, PROVIDER
from activity.rollup import roll_up
from activity.series import METRICS, TOP, series, used_groups

pytestmark = pytest.mark.django_db

WEEK = periods.last("7d", NOW, ZoneInfo("UTC"))
BERLIN_WEEK = periods.last("7d", NOW, ZoneInfo("Europe/Berlin"))


def chart(person, dimension=MODEL, metric="spend", period=WEEK):
    return series(person.reading, period, metric, dimension)


def shown(found):
    return [(line.label, line.values) for line in found.lines]


def test_a_group_is_a_line_with_a_value_for_each_day(alice):
    record(
        generation(alice, NOW, model="m/small", cost_nano=1),
        generation(alice, NOW - 2 * DAY, model="m/small", cost_nano=2),
        generation(alice, NOW - 2 * DAY, model="m/large", cost_nano=9),
        generation(alice, NOW - 7 * DAY, model="m/large", cost_nano=500),
    )
    roll_up(NOW)
    found = chart(alice, period=periods.last("7d", NOW + periods._HOUR, ZoneInfo("UTC")))
    assert shown(found) == [
        ("m/large", (0, 0, 0, 0, 9, 0, 0)),
        ("m/small", (0, 0, 0, 0, 2, 0, 1)),
    ]
    assert found.sums == (0, 0, 0, 0, 11, 0, 1)
    assert [line.total for line in found.lines] == [9, 3]


@pytest.mark.parametrize("is_summed_up", [False, True])
@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("dimension", sorted(DIMENSIONS))
def test_lines_add_up_to_everything(alice, dimension, metric, is_summed_up):
    record(
        *(
            generation(
                alice, NOW - n * DAY / 4, n % 2, model=f"m/{n % 13}", cost_nano=n + 1,
                provider_name=f"P{n % 11}", app_title=f"app {n % 12}", tokens_prompt=n,
            )
            for n in range(1, 40)
        )
    )  # fmt: skip
    if is_summed_up:
        roll_up(NOW)
    found = chart(alice, DIMENSIONS[dimension], metric, BERLIN_WEEK)
    [everything] = alice.reading.usage(BERLIN_WEEK.begin, BERLIN_WEEK.end).values()
    assert sum(found.sums) == METRICS[metric](everything)
    assert sum(METRICS[metric](line.totals) for line in found.lines) == METRICS[metric](everything)
    assert all(line.total == METRICS[metric](line.totals) for line in found.lines)
    named = [line.total for line in found.lines if line.group is not None]
    assert named == sorted(named, reverse=True)
    assert len(named) == min(
        TOP, len(used_groups(alice.reading, BERLIN_WEEK, DIMENSIONS[dimension]))
    )


def test_the_tenth_and_all_after_it_are_other(alice):
    record(*(generation(alice, NOW - DAY, model=f"m/{n}", cost_nano=100 - n) for n in range(12)))
    found = chart(alice)
    assert [line.label for line in found.lines] == [*(f"m/{n}" for n in range(9)), "Other"]
    assert found.lines[-1].group is None
    assert found.lines[-1].total == 91 + 90 + 89


def test_nothing_is_a_chart_without_lines(alice):
    found = chart(alice)
    assert (found.lines, found.sums) == ((), (0,) * 7)


def test_keys_have_the_names_they_have_now_and_deleted_ones_share_a_line(alice):
    record(
        *(generation(alice, NOW - DAY, key, cost_nano=5 - (key or 0)) for key in (0, 1)),
        generation(alice, NOW - DAY, None, cost_nano=1),
    )
    ApiKey.objects.filter(pk=alice.key_ids[0]).update(name="ci")
    found = chart(alice, KEY)
    assert [line.label for line in found.lines] == ["ci", "alice's key 2", "Deleted keys"]


def test_apps_are_called_by_their_title_or_their_host(alice):
    record(
        generation(alice, NOW - DAY, app_referer="https://a.example/x", app_title="A", cost_nano=4),
        generation(alice, NOW - DAY, app_referer="https://b.example/y", cost_nano=3),
        generation(alice, NOW - DAY, app_referer="http://[nonsense", cost_nano=2),
        generation(alice, NOW - DAY, cost_nano=1),
    )
    labels = [line.label for line in chart(alice, APP).lines]
    assert labels == ["A", "b.example", "http://[nonsense", "No app"]


def test_what_no_provider_served_has_a_name_too(alice):
    record(generation(alice, NOW - DAY, provider_name="", model=""))
    assert chart(alice, PROVIDER).lines[0].label == "No provider"
    assert chart(alice, MODEL).lines[0].label == "No model"


def test_the_label_of_a_key_is_never_that_of_somebody_else(alice, bob):
    assert KEY.labels([(bob.key_ids[0],)], alice.user_id) == {(bob.key_ids[0],): "Deleted keys"}


def test_a_chart_costs_the_same_few_queries_whatever_is_in_it(alice, django_assert_num_queries):
    record(*(generation(alice, NOW - n * DAY / 9, model=f"m/{n}") for n in range(60)))
    roll_up(NOW)
    reading = alice.reading
    with django_assert_num_queries(6):
        chart_of = series(reading, WEEK, "spend", MODEL)
    assert len(chart_of.lines) == 10
