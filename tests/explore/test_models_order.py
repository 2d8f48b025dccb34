from __future__ import annotations

from any_models import CHOICES
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_builders import MICRO, endpoint, model

from explore.listing.families import Family
from explore.listing.ordering import SORTS, Found, Measured, Speed, ordered

NOTHING = Measured({}, dict)


def found(*models):
    return Found(Family(models[0].id, models), models)


def order(sort, *rows, tokens=None, speeds=None):
    made = ordered(rows, sort, Measured(tokens or {}, lambda: speeds or {}))
    return [each.lead.id for each in made]


def priced(id, prompt, completion=0, **fields):
    return found(model(endpoint(1, prompt=prompt, completion=completion), id=id, **fields))


@settings(deadline=None)
@given(CHOICES, st.sampled_from(sorted(SORTS)))
def test_every_order_keeps_every_row_and_puts_what_nobody_serves_last(made, sort):
    index, choice = made
    rows = index.found(index.matching(choice))
    sorted_rows = ordered(rows, sort, NOTHING)
    assert {each.family.id for each in sorted_rows} == {each.family.id for each in rows}
    served = [each.is_served for each in sorted_rows]
    assert served == sorted(served, reverse=True)


def test_most_used_counts_the_variants():
    one = found(model(endpoint(1), id="a/one"))
    two = found(model(endpoint(2), id="a/two"), model(endpoint(3), id="a/two:free"))
    tokens = {"a/one": 5, "a/two": 3, "a/two:free": 3}
    assert order("used", one, two, tokens=tokens) == ["a/two", "a/one"]


def test_prices_go_by_the_prompt_then_the_completion_and_routers_have_none():
    rows = (
        found(model(id="x/auto", kind="router")),
        priced("a/dear", 9 * MICRO),
        priced("a/talker", MICRO, 5 * MICRO),
        priced("a/cheap", MICRO, MICRO),
        priced("a/free", 0),
    )
    assert order("price", *rows) == ["a/free", "a/cheap", "a/talker", "a/dear", "x/auto"]
    assert order("price-high", *rows) == ["a/dear", "a/talker", "a/cheap", "a/free", "x/auto"]


def test_newest_and_longest_come_first():
    old = priced("a/old", 1, created=1, context_length=9000)
    new = priced("a/new", 1, created=2, context_length=None)
    assert order("newest", old, new) == ["a/new", "a/old"]
    assert order("context", new, old) == ["a/old", "a/new"]


def test_what_was_not_measured_comes_after_what_was():
    slow, fast, unknown = (priced(f"a/{name}", 1) for name in ("slow", "fast", "unknown"))
    speeds = {"a/slow": Speed(900, 10), "a/fast": Speed(100, 90), "a/unknown": Speed()}
    assert order("throughput", unknown, slow, fast, speeds=speeds) == [
        "a/fast", "a/slow", "a/unknown",
    ]  # fmt: skip
    assert order("latency", unknown, slow, fast, speeds=speeds) == ["a/fast", "a/slow", "a/unknown"]


def test_what_is_served_comes_before_what_is_not_at_any_price():
    there = priced("a/there", 9 * MICRO)
    nobody = model(endpoint(1, prompt=1), id="a/gone")
    gone = Found(Family("a/gone", (nobody,)), (nobody,), is_served=False)
    assert order("price", gone, there) == ["a/there", "a/gone"]
