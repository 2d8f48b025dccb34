from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import scales


@pytest.mark.parametrize(
    ("maximum", "ticks"),
    [
        (0, [0, 1]),
        (7, [0, 2, 4, 6, 8]),
        (100, [0, 25, 50, 75, 100, 125]),
        (2_260, [0, 500, 1000, 1500, 2000, 2500]),
    ],
)
def test_ticks_are_round(maximum, ticks):
    assert scales.nice_ticks(maximum) == ticks


@given(st.integers(min_value=0, max_value=10**18))
def test_ticks_leave_a_tenth_above_and_not_much_more(maximum):
    ticks = scales.nice_ticks(maximum)
    step = ticks[1]
    assert [b - a for a, b in zip(ticks, ticks[1:], strict=False)] == [step] * (len(ticks) - 1)
    assert ticks[-1] * 10 >= maximum * 11
    assert (ticks[-1] - step) * 10 < max(maximum, 1) * 11
    assert 2 <= len(ticks) <= 6


def test_stack_keeps_the_largest_and_sums_the_rest():
    rows = {f"model-{number:02}": [number, 2 * number] for number in range(1, 13)}
    stacked = scales.stack(rows)
    assert [each.label for each in stacked[:2]] == ["model-12", "model-11"]
    assert (len(stacked), stacked[-1].label, stacked[-1].colour) == (10, "Other", "c0")
    assert stacked[-1].values == (1 + 2 + 3, 2 + 4 + 6)
    assert [each.colour for each in stacked[:9]] == [f"c{number}" for number in range(1, 10)]


def test_stack_has_no_other_when_all_fit():
    assert [each.label for each in scales.stack({"a": [1], "b": [1]})] == ["a", "b"]
    assert scales.stack({}) == []


@given(
    st.dictionaries(
        st.text(min_size=1), st.lists(st.integers(0, 10**15), min_size=3, max_size=3), max_size=15
    )
)
def test_stack_loses_nothing(rows):
    for column in range(3):
        stacked = sum(each.values[column] for each in scales.stack(rows))
        assert stacked == sum(values[column] for values in rows.values())


def test_logarithmic_axis_spans_its_values():
    assert scales.log_ticks(0.14, 9.4) == pytest.approx([0.1, 0.2, 0.5, 1, 2, 5, 10])
    assert scales.log_ticks(1, 1) == [1]
    assert scales.log_position(1, 0.1, 10) == pytest.approx(0.5)
    assert scales.log_position(3, 3, 3) == 0.5


def test_pareto_line_has_those_that_nothing_beats():
    points = [(1, 10), (2, 8), (3, 30), (3, 20), (5, 30), (9, 31)]
    assert scales.pareto(points) == [0, 2, 5]
    assert scales.pareto([]) == []


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=30))
def test_pareto_by_its_definition(points):
    front = scales.pareto(points)
    best = {points[number] for number in front}
    for x, y in points:
        beaten = any((a <= x and b >= y) and (a, b) != (x, y) for a, b in points)
        assert ((x, y) in best) == (not beaten)


def test_an_axis_with_little_room_keeps_the_powers_of_ten():
    ticks = scales.log_ticks(0.05, 90)
    assert scales.fewer_ticks(ticks, 100) == ticks
    assert scales.fewer_ticks(ticks, 5) == [0.1, 1, 10, 100]
    assert scales.fewer_ticks([2, 5], 1) == [2, 5]


PLACES = st.tuples(
    st.text("abc", min_size=1, max_size=12), st.integers(0, 400), st.integers(20, 300)
)


@given(st.lists(PLACES, max_size=15))
def test_names_cover_neither_each_other_nor_dots_nor_the_edge(names):
    found = scales.room_for_names(names, 20, 400, 10)
    boxes = [
        (left, foot - 9, left + 6 * len(name), foot)
        for (name, _, _), place in zip(names, found, strict=True)
        if place is not None
        for left, foot in [place]
    ]
    assert len(boxes) <= 10
    for number, (left, top, right, foot) in enumerate(boxes):
        assert left >= 20 and right <= 400
        for other in boxes[number + 1 :]:
            apart = left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= foot
            assert apart
        for _, x, y in names:
            assert not (left < x < right and top < y < foot)


def test_a_lone_dot_has_its_name_at_its_right():
    ((left, foot),) = scales.room_for_names([("name", 100, 50)], 0, 400, 1)
    assert left > 100 and abs(foot - 50) < 8
