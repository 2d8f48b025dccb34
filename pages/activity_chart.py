"""The stacked chart of activity, as a picture and as the table that has the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from activity.periods import HOURS
from activity.series import Line, Series
from ui import charts, format
from ui.scales import Series as Drawn

WRITTEN: dict[str, Callable[[int | None], str]] = {
    "spend": format.money,
    "tokens": format.compact,
    "requests": format.count,
}
NAMES = {"spend": "Spend", "tokens": "Tokens", "requests": "Requests"}


@dataclass(frozen=True, slots=True)
class Row:
    """A group in the legend and the table: its colour, and its total as text."""

    line: Line
    colour: str
    total: str
    share: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    picture: SafeString
    drawn: list[Drawn]
    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    sums: tuple[str, ...]
    total: str
    name: str


def draw(series: Series, zone: ZoneInfo) -> Chart:
    written = WRITTEN[series.metric]
    labels = tuple(_label(edge, series.cut, zone) for edge in series.edges)
    colours = [f"c{place}" for place in range(1, len(series.lines) + 1)]
    drawn = [
        Drawn(line.label, line.values, colour if line.group is not None else "c0")
        for line, colour in zip(series.lines, colours, strict=True)
    ]
    title = f"{NAMES[series.metric]} by {series.dimension}, for each {series.cut}"
    whole = sum(series.sums)

    def picture(width: int, height: int) -> SafeString:
        return charts.stacked_bars(drawn, labels, title, written, width=width, height=height)

    rows = tuple(
        Row(
            line, each.colour, written(line.total), format.percent(line.total, whole),
            tuple(map(written, line.values)),
        )
        for line, each in zip(series.lines, drawn, strict=True)
    )  # fmt: skip
    return Chart(
        picture=charts.both_widths(picture),
        drawn=drawn,
        rows=rows,
        labels=labels,
        sums=tuple(map(written, series.sums)),
        total=written(whole),
        name=NAMES[series.metric],
    )


def _label(edge: datetime, cut: str, zone: ZoneInfo) -> str:
    there = edge.astimezone(zone)
    return f"{there:%H:%M}" if cut == HOURS else f"{there.day} {there:%b}"
