"""Whatever is recorded in whatever order, late or again: figures are those of the generations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from activity_builders import (
    DAY,
    HOUR,
    NOW,
    cells_of,
    first_content_of,
    generation,
    person,
    record,
    sums,
    sums_of,
)
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity.dimensions import DIMENSIONS
from activity.histogram import EDGES_MS
from activity.models import Watermark
from activity.reading import Reading
from activity.rollup import rebuild, roll_up
from activity.scope import Scope

pytestmark = pytest.mark.django_db

APPS = [("", ""), ("https://chat.example", "Chat"), ("https://chat.example", "Chat 2"), ("", "cli")]
ages = st.one_of(
    st.integers(-120, 7_200).map(lambda s: timedelta(seconds=s)),
    st.integers(0, 300_000_000).map(lambda us: timedelta(microseconds=us * 60)),
    st.integers(0, 60).map(lambda hours: hours * HOUR),
)
generations = st.fixed_dictionaries(
    {
        "key": st.sampled_from([0, 1, None]),
        "model": st.sampled_from(["openai/gpt-4", "mistralai/mixtral-8x7b-instruct:nitro", ""]),
        "provider_name": st.sampled_from(["", "OpenAI", "Together"]),
        "app": st.sampled_from(APPS),
        "streamed": st.booleans(),
        "cancelled": st.booleans(),
        "finish_reason": st.sampled_from(["stop", "error", ""]),
        "cost_nano": st.integers(0, 10**15),
        "upstream_cost_nano": st.integers(0, 10**15),
        "is_byok": st.booleans(),
        "tokens_prompt": st.integers(0, 2**31 - 1),
        "latency_ms": st.none() | st.sampled_from([0, 1, *EDGES_MS[20:24], 25, 2**31 - 1]),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("record"), ages, st.booleans(), generations),
        st.tuples(st.just("correct"), st.integers(0, 30), st.integers(0, 10**12)),
        st.tuples(st.just("wait"), st.sampled_from([7, 30, 41, 200, 1_500])),
        st.tuples(st.just("roll up")),
        st.tuples(st.just("rebuild")),
        st.tuples(
            st.just("read"),
            st.lists(ages, min_size=1, max_size=5),
            st.sampled_from(sorted(DIMENSIONS)),
        ),
    ),
    max_size=20,
)


class World:
    """Some hours of two people; the clock stands still between steps. 10:00 is summed up."""

    def __init__(self):
        self.people = [person("alice"), person("bob")]
        self.now = NOW
        self.recorded = []
        self.record(50 * HOUR, False, {"app": ("", "")})
        roll_up(self.now)

    def record(self, age, is_bobs, fields):
        referer, title = fields["app"]
        rest = {name: value for name, value in fields.items() if name != "app"}
        made = generation(
            self.people[is_bobs], self.now - age, app_referer=referer, app_title=title, **rest
        )
        self.recorded.append(made)
        record(made, now=self.now)

    def correct(self, number, cost_nano):
        if self.recorded:
            made = self.recorded[number % len(self.recorded)]
            made.cost_nano, made.finish_reason = cost_nano, "length"
            record(made, now=self.now)

    def read(self, edges, name):
        edges = tuple(sorted({self.now - age for age in edges}))
        dimension = DIMENSIONS[name]
        for each in self.people:
            for scope in (each.scope, Scope(each.user_id, frozenset(each.key_ids[:1]))):
                span = (min(NOW - 3 * DAY, *edges), self.now + HOUR)
                reading = Reading.of(scope)
                assert reading.usage(*span, edges=edges, dimension=dimension) == cells_of(
                    scope, *span, edges, dimension.of_generations
                )
                span = (edges[0], self.now)
                assert reading.first_content(*span, edges=edges) == first_content_of(
                    scope, *span, edges
                )

    def roll_up(self):
        roll_up(self.now)
        assert sums() == sums_of(Watermark.objects.get().until)

    def step(self, what, *how):
        if what == "record":
            self.record(*how)
        elif what == "correct":
            self.correct(*how)
        elif what == "wait":
            self.now += timedelta(minutes=how[0])
        elif what == "roll up":
            self.roll_up()
        elif what == "rebuild":
            rebuild()
        else:
            self.read(*how)


@pytest.mark.timeout(600)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps)
def test_figures_are_those_of_the_generations_at_any_moment(steps, db):
    with transaction.atomic():
        world = World()
        for step in steps:
            world.step(*step)
        world.read([HOUR, 3 * HOUR], "app")
        world.roll_up()
        world.read([HOUR, 3 * HOUR], "model")
        transaction.set_rollback(True)
