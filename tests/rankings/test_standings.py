"""Places, moves and growth: pure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rankings.spans import LENGTHS, Span, spans
from rankings.standings import REQUESTS_MIN, by_author, counted_by_author, standings, trending

LAST = date(2026, 3, 2)
tokens = st.lists(st.integers(0, 50), min_size=4, max_size=4).map(tuple)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
rows = st.dictionaries(st.sampled_from(["a/x", "a/y", "b/x", "c/z:free", "d"]), tokens)


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_spans_are_equal_and_follow_each_other_until_the_last_day(length):
    found = spans(LAST, length.days, length.bars)
    assert len(found) == length.bars and found[-1].last == LAST
    assert {span.days for span in found} == {length.days}
    for before, after in zip(found, found[1:], strict=False):
        assert after.first - before.last == timedelta(days=1)


def test_one_day_is_a_span():
    assert spans(LAST, 1, 1) == (Span(LAST, LAST),)


@unhurried
@given(rows)
def test_places_are_by_tokens_and_only_of_what_was_used(rows):
    found = standings(rows)
    assert {each.key for each in found} == {key for key, tokens in rows.items() if tokens[-1]}
    assert [each.rank for each in found] == list(range(1, len(found) + 1))
    assert [each.tokens for each in found] == sorted((each.tokens for each in found), reverse=True)
    for each in found:
        assert (each.rank_before is None) == (rows[each.key][-2] == 0)
    assert standings(dict(reversed(rows.items()))) == found


def test_a_place_tells_the_one_before():
    found = standings({"a": (0, 9, 1), "b": (0, 5, 8), "c": (0, 0, 3)})
    assert [(each.key, each.rank_before) for each in found] == [("b", 2), ("c", None), ("a", 1)]


def test_growth_is_over_the_mean_of_three_spans_before():
    rows = {"up": (100, 10, 20, 30, 50), "down": (0, 90, 90, 90, 80), "new": (0, 0, 0, 0, 15)}
    found = trending(rows, dict.fromkeys(rows, REQUESTS_MIN))
    assert [(each.key, each.mean, each.excess) for each in found] == [
        ("up", 20, 30), ("new", 0, 15),
    ]  # fmt: skip


def test_few_requests_are_no_growth():
    rows = {"a": (0, 0, 0, 900), "b": (0, 0, 0, 1)}
    requests = {"a": REQUESTS_MIN - 1, "b": REQUESTS_MIN}
    assert [each.key for each in trending(rows, requests)] == ["b"]


@unhurried
@given(rows)
def test_authors_have_what_their_models_have(rows):
    found = by_author(rows)
    assert list(map(sum, zip(*found.values(), strict=True))) == list(
        map(sum, zip(*rows.values(), strict=True))
    )
    assert set(found) == {key.partition("/")[0] for key in rows}


def test_one_number_is_added_up_by_author():
    assert counted_by_author({"a/x": 1, "a/y": 2, "b/x": 4}) == {"a": 3, "b": 4}
