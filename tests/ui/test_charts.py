from __future__ import annotations

from xml.etree import ElementTree

from ui import charts
from ui.format import money
from ui.scales import stack


def drawn(svg):
    """The parsed picture; it has no style, no script and no address but links."""
    assert "style=" not in svg and "<script" not in svg
    return ElementTree.fromstring(svg)


def bars(svg):
    return [group for group in drawn(svg).iter("g") if group.get("class") == "chart-bar"]


def test_stacked_bars_have_a_column_for_each_day_and_heights_that_add_up():
    series = stack({"a": [3, 0], "b": [1, 2]})
    svg = charts.stacked_bars(series, ["1 Jun", "2 Jun"], "Spend", str)
    first, second = bars(svg)
    heights = [float(rect.get("height")) for rect in first.iter("rect")]
    assert len(heights) == 2 and heights[0] > 2 * heights[1]
    assert [rect.get("class") for rect in second.iter("rect")] == ["fill-c2"]
    top = min(float(rect.get("y")) for rect in first.iter("rect"))
    foot = max(float(rect.get("y")) + float(rect.get("height")) for rect in first.iter("rect"))
    lone = next(second.iter("rect"))
    assert abs((foot - top) / 2 - float(lone.get("height"))) < 1.1


def test_stacked_bars_say_what_they_show():
    series = stack({"<b>a</b>": [2_600_000]})
    svg = charts.stacked_bars(series, ["1 Jun"], 'Spend "all"', money)
    assert drawn(svg).get("aria-label") == 'Spend "all"'
    title = bars(svg)[0].find("title").text
    assert title == "1 Jun: $0.0026\n<b>a</b>: $0.0026"


def test_bars_stay_inside_the_picture():
    series = stack({"a": list(range(90))})
    for width in (charts.WIDE, charts.NARROW):
        svg = charts.stacked_bars(series, [str(day) for day in range(90)], "t", str, width=width)
        for rect in drawn(svg).iter("rect"):
            assert float(rect.get("x")) >= 0 and float(rect.get("y")) >= 0
            assert float(rect.get("x")) + float(rect.get("width")) <= width


def test_nothing_to_draw_is_an_empty_axis():
    assert bars(charts.stacked_bars([], [], "Spend", str)) == []
    assert "spark-none" in charts.sparkline([0, 0, 0], "Tokens")
    assert list(drawn(charts.scatter([], "t", str, str))) == []


def test_sparkline_goes_from_side_to_side():
    points = drawn(charts.sparkline([0, 5, 10], "Tokens")).find("polyline").get("points").split()
    assert points == ["1,18", "42,10", "83,2"]


def test_uptime_says_well_poor_down_and_unknown():
    shares = [1.0, 0.95, 0.5, None]
    classes = [rect.get("class") for rect in drawn(charts.uptime_strip(shares, "Up")).iter("rect")]
    assert classes == ["up-ok", "up-warn", "up-bad", "up-unknown"]


def test_scatter_draws_the_line_of_the_best():
    points = [
        charts.Point("a/cheap", 0.1, 10, "/a"),
        charts.Point("b/slow", 1, 5),
        charts.Point("c/fast", 10, 100),
        charts.Point("free", 0, 50),
    ]
    picture = drawn(charts.scatter(points, "Price", lambda price: f"${price:g}", str))
    assert len(list(picture.iter("circle"))) == 3
    assert len(picture.find("polyline").get("points").split()) == 2
    assert picture.find("a").get("href") == "/a"


def test_scatter_writes_names_where_there_is_room_and_keeps_all_as_tooltips():
    points = [charts.Point(f"model-{number}", 1 + number / 1000, 50) for number in range(30)]
    picture = drawn(charts.scatter(points, "t", str, str))
    dots = list(picture.iter("circle"))
    assert {dot.find("title").text for dot in dots} == {point.label for point in points}
    names = [text for text in picture.iter("text") if text.get("class") == "chart-name"]
    assert 0 < len(names) < 10


def test_uptime_has_a_narrow_form_with_as_many_bars():
    wide, narrow = (
        drawn(charts.uptime_strip([1.0] * 30, "Up", is_narrow=is_narrow))
        for is_narrow in (False, True)
    )
    assert len(list(wide)) == len(list(narrow)) == 30
    assert int(narrow.get("width")) < int(wide.get("width"))
