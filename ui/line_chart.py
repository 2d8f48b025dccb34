"""Lines over time, with gaps where nobody measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from ui.chart_axes import LEFT, RIGHT, WIDE, Written, joined, label_axis, n, svg, value_axis, y_of
from ui.scales import nice_ticks

_Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """`colour` as in ui.scales.Series; a value is None where nobody measured."""

    label: str
    values: tuple[int | None, ...]
    colour: str


def lines(
    series: Sequence[Line],
    labels: Sequence[str],
    title: str,
    written: Written,
    *,
    width: int = WIDE,
    height: int = 320,
) -> SafeString:
    """A point for each label, joined to its neighbours. `written` makes text of a value."""
    measured = [value for line in series for value in line.values if value is not None]
    ticks = nice_ticks(max(measured, default=0))
    slot = (width - LEFT - RIGHT) / max(1, len(labels))

    def at(number: int, value: int) -> _Place:
        return LEFT + slot * (number + 0.5), y_of(value, ticks[-1], height)

    drawn = []
    for line in series:
        for run in _runs(line.values):
            drawn.append(_path([at(number, value) for number, value in run], line.colour))
        drawn += [
            _dot(at(number, value), line, f"{labels[number]}: {written(value)}")
            for number, value in enumerate(line.values)
            if value is not None
        ]
    body = joined(
        [value_axis(ticks, width, height, written), *drawn, label_axis(labels, width, height)]
    )
    return svg(width, height, title, "chart", body)


def _runs(values: Sequence[int | None]) -> Iterator[list[tuple[int, int]]]:
    """Neighbours that have a value, as (number, value)."""
    run: list[tuple[int, int]] = []
    for number, value in enumerate((*values, None)):
        if value is not None:
            run.append((number, value))
        elif run:
            yield run
            run = []


def _path(places: Sequence[_Place], colour: str) -> SafeString:
    points = " ".join(f"{n(x)},{n(y)}" for x, y in places)
    return format_html('<polyline class="chart-line line-{}" points="{}"/>', colour, points)


def _dot(place: _Place, line: Line, words: str) -> SafeString:
    return format_html(
        '<circle class="fill-{}" cx="{}" cy="{}" r="3"><title>{}, {}</title></circle>',
        line.colour, n(place[0]), n(place[1]), line.label, words,
    )  # fmt: skip
