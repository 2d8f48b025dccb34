"""Rankings are what the generations of completed days add up to, whatever came when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from activity_builders import DAY, HOUR, MINUTE, NOW, generation, person, record
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity import rollup as usage
from activity.models import Watermark
from activity.sources import day_of
from billing.models import Generation
from rankings import reading
from rankings.identity import identity_of
from rankings.models import AppDay, ModelDay, RankedApp, TakenDay
from rankings.rollup import rebuild, roll_up

pytestmark = pytest.mark.django_db

APPS = [
    ("", ""), ("", "cli"), ("https://chat.example/a", "Chat"), ("https://chat.example/b", "Chat 2"),
    ("http://localhost:3000", "Mine"), ("http://localhost:8000", "Mine"), ("http://localhost", ""),
    ("javascript:alert(1)", "<script>"),
]  # fmt: skip
made = st.fixed_dictionaries(
    {
        "age": st.integers(0, 150).map(lambda hours: hours * HOUR)
        | st.integers(0, 150 * 60).map(lambda minutes: minutes * MINUTE),
        "is_bobs": st.booleans(),
        "app": st.sampled_from(APPS),
        "model": st.sampled_from(["openai/gpt-4", "mistralai/mixtral-8x7b-instruct:nitro", ""]),
        "tokens_prompt": st.integers(0, 2**31 - 1),
        "tokens_completion": st.integers(0, 2**31 - 1),
        "finish_reason": st.sampled_from(["stop", "error"]),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("record"), made),
        st.tuples(st.just("wait"), st.sampled_from([41, 700, 1_500])),
        st.tuples(st.just("roll up")),
        st.tuples(st.just("rebuild")),
    ),
    max_size=16,
)


def recomputed(until):
    """(tokens by day and model, by day, app and model) of the days that are over, the long way."""
    models, apps = Counter(), Counter()
    for each in Generation.objects.filter(created_at__lt=day_of(until)).exclude(model=""):
        day, tokens = each.created_at.astimezone(UTC).date(), each.tokens_prompt
        tokens += each.tokens_completion
        models[day, each.model] += tokens
        found = identity_of(each.app_referer, each.app_title)
        if found is not None:
            apps[day, found.key, each.model] += tokens
    return dict(models), dict(apps)


def shown():
    models = {(row.day, row.model): row.tokens for row in ModelDay.objects.all()}
    apps = AppDay.objects.select_related("app")
    return models, {(row.day, row.app.identity, row.model): row.tokens for row in apps}


class World:
    def __init__(self):
        self.people = [person("alice"), person("bob")]
        self.now = NOW

    def record(self, fields):
        rest = dict(fields)
        referer, title = rest.pop("app")
        who, age = self.people[rest.pop("is_bobs")], rest.pop("age")
        record(
            generation(who, self.now - age, app_referer=referer, app_title=title, **rest),
            now=self.now,
        )

    def check(self):
        usage.roll_up(self.now)
        roll_up()
        assert shown() == recomputed(Watermark.objects.get().until)
        assert roll_up() == 0

    def step(self, what, *how):
        if what == "record":
            self.record(*how)
        elif what == "wait":
            self.now += timedelta(minutes=how[0])
        elif what == "rebuild":
            usage.roll_up(self.now)
            usage.rebuild()
            rebuild()
        else:
            self.check()


@pytest.mark.timeout(600)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps)
def test_rankings_are_what_generations_add_up_to(steps, db):
    with transaction.atomic():
        world = World()
        for step in steps:
            world.step(*step)
        world.now += DAY
        world.check()
        transaction.set_rollback(True)


def test_only_the_day_that_changed_is_taken_again():
    alice = person()
    for age in (3 * DAY, 2 * DAY):
        record(generation(alice, NOW - age))
    usage.roll_up(NOW)
    roll_up()
    taken = dict(TakenDay.objects.values_list("day", "taken_at"))
    record(generation(alice, NOW - 2 * DAY), now=NOW)
    usage.roll_up(NOW)
    days = []
    assert roll_up(days.append) == 1
    assert days == [(NOW - 2 * DAY).date()]
    again = dict(TakenDay.objects.values_list("day", "taken_at"))
    assert [day for day in taken if taken[day] != again[day]] == days
    assert list(ModelDay.objects.order_by("day").values_list("requests", flat=True)) == [1, 2]


def test_an_app_has_the_title_that_it_used_most_on_its_latest_day():
    alice = person()
    for age, title, tokens in ((3 * DAY, "Old", 900), (DAY, "Rare", 1), (DAY, "New", 50)):
        record(
            generation(
                alice, NOW - age, app_referer="https://chat.example", app_title=title,
                tokens_prompt=tokens,
            )
        )  # fmt: skip
    usage.roll_up(NOW)
    roll_up()
    assert RankedApp.objects.get().title == "New"
    record(
        generation(alice, NOW - 3 * DAY, app_referer="https://chat.example", app_title="Older"),
        now=NOW,
    )
    usage.roll_up(NOW)
    roll_up()
    assert RankedApp.objects.get().title == "New"
    assert sum(AppDay.objects.values_list("requests", flat=True)) == 4


@pytest.fixture
def today():
    """Noon of the real clock, by which readings go."""
    reading.forget()
    yield datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    reading.forget()


def test_readings_have_each_day_with_today_last_and_no_hidden_app(today):
    alice = person()
    chat = {"app_referer": "https://chat.example", "app_title": "Chat"}
    for days, fields in ((0, chat), (1, chat), (3, {}), (40, chat)):
        record(generation(alice, today - days * DAY, **fields))
    usage.roll_up(today + HOUR * 2)
    roll_up()
    assert reading.daily_tokens(5) == {"openai/gpt-4": (0, 30, 0, 30, 30)}
    assert sum(reading.daily_tokens(60)["openai/gpt-4"]) == 120
    (use,) = reading.apps_of("openai/gpt-4")
    assert (use.title, use.origin, use.tokens) == ("Chat", "https://chat.example", 30)
    RankedApp.objects.update(hidden=True)
    assert reading.apps_of("openai/gpt-4") == []
