from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from ui.line_chart import Line, lines


def drawn(*values, labels=None, **size):
    series = [Line(f"Provider {at}", each, f"c{at}") for at, each in enumerate(values, start=1)]
    labels = labels or [str(day) for day in range(len(values[0]))]
    picture = lines(series, labels, "Speed by provider", "{} t/s".format, **size)
    return ET.fromstring(picture)


def tags(root, name):
    return [each for each in root.iter() if each.tag.rpartition("}")[2] == name]


def test_a_line_is_broken_where_nobody_measured():
    root = drawn((1, 2, None, 4, None, 6))
    runs = [each.get("points").split() for each in tags(root, "polyline")]
    assert [len(run) for run in runs] == [2, 1, 1]
    assert len(tags(root, "circle")) == 4


def test_each_point_says_who_when_and_what():
    root = drawn((10, None), (None, 25), labels=["1 May", "2 May"])
    assert [each.text for each in tags(root, "title")] == [
        "Provider 1, 1 May: 10 t/s",
        "Provider 2, 2 May: 25 t/s",
    ]
    assert root.get("aria-label") == "Speed by provider"


def test_nothing_measured_is_an_empty_picture():
    root = drawn((None, None))
    assert not tags(root, "circle") and not tags(root, "polyline")


@given(
    st.lists(
        st.lists(st.none() | st.integers(0, 10**7), min_size=5, max_size=5), min_size=1, max_size=4
    ),
    st.sampled_from([340, 1130]),
)
def test_all_points_are_in_the_picture_and_higher_values_higher(values, width):
    root = drawn(*map(tuple, values), width=width, height=200)
    found = [(float(each.get("cx")), float(each.get("cy"))) for each in tags(root, "circle")]
    flat = [value for line in values for value in line if value is not None]
    assert len(found) == len(flat)
    assert all(0 <= x <= width and 0 <= y <= 200 for x, y in found)
    by_value = [y for _, (_, y) in sorted(zip(flat, found, strict=True), key=lambda pair: pair[0])]
    assert all(lower >= higher for lower, higher in zip(by_value, by_value[1:], strict=False))
