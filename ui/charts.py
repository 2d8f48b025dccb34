"""Numbers to SVG. Colours are classes of the design, sizes are attributes: no style, no script.

Each picture says in words what it shows; the same numbers stand in a table beside the large ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString

from ui.chart_axes import (
    LEFT,
    NARROW,
    RIGHT,
    WIDE,
    Written,
    joined,
    label_axis,
    n,
    svg,
    value_axis,
    y_of,
)
from ui.scales import (
    Series,
    fewer_ticks,
    log_position,
    log_ticks,
    nice_ticks,
    pareto,
    room_for_names,
)

# More names than that would hide the picture.
_NAMES_MAX = 40


@dataclass(frozen=True, slots=True)
class Point:
    """One of a scatter: x is logarithmic."""

    label: str
    x: float
    y: int
    href: str = ""


def _bar(
    series: Sequence[Series], number: int, label: str, x: float, size: tuple[float, int, int],
    written: Written,
) -> SafeString:  # fmt: skip
    """One column: the largest series at its foot; what it stands for as its tooltip."""
    bar_width, height, top = size
    parts, below = [], 0
    for each in series:
        value = each.values[number]
        if value <= 0:
            continue
        upper, lower = y_of(below + value, top, height), y_of(below, top, height)
        below += value
        tall = max(0.5, lower - upper - (1 if below > value else 0))
        parts.append(
            format_html(
                '<rect class="fill-{}" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>',
                each.colour, n(x), n(upper), n(bar_width), n(tall),
            )
        )  # fmt: skip
    lines = [f"{each.label}: {written(each.values[number])}" for each in series]
    title = "\n".join([f"{label}: {written(below)}", *lines])
    return format_html('<g class="chart-bar"><title>{}</title>{}</g>', title, joined(parts))


def stacked_bars(
    series: Sequence[Series],
    labels: Sequence[str],
    title: str,
    written: Written,
    *,
    width: int = WIDE,
    height: int = 320,
) -> SafeString:
    """A column for each label. `written` makes text of a value, for the axis and the tooltips."""
    sums = [sum(each.values[number] for each in series) for number in range(len(labels))]
    ticks = nice_ticks(max(sums, default=0))
    slot = (width - LEFT - RIGHT) / max(1, len(labels))
    bar_width = max(1.0, min(64.0, slot - 2 - slot * 0.1))
    bars = [
        _bar(
            series, number, label, LEFT + slot * number + (slot - bar_width) / 2,
            (bar_width, height, ticks[-1]), written,
        )
        for number, label in enumerate(labels)
    ]  # fmt: skip
    body = joined(
        [value_axis(ticks, width, height, written), *bars, label_axis(labels, width, height)]
    )
    return svg(width, height, title, "chart", body)


def both_widths(draw: Callable[[int, int], SafeString], *, wide: int = WIDE) -> SafeString:
    """`draw(width, height)` for desks and for phones; the style sheet shows one of them."""
    return format_html(
        '<div class="chart-wide">{}</div><div class="chart-narrow">{}</div>',
        draw(wide, 320), draw(NARROW, 240),
    )  # fmt: skip


def sparkline(
    values: Sequence[int], title: str, *, width: int = 84, height: int = 20
) -> SafeString:
    """The shape of a series, without axes."""
    if len(values) < 2 or not any(values):
        y = n(height - 2)
        line = format_html('<line class="spark-none" x1="0" x2="{}" y1="{}" y2="{}"/>', width, y, y)
        return svg(width, height, title, "spark", line)
    top, step = max(values), (width - 2) / (len(values) - 1)
    points = " ".join(
        f"{n(1 + number * step)},{n(height - 2 - max(0, value) / top * (height - 4))}"
        for number, value in enumerate(values)
    )
    body = format_html('<polyline class="spark-line" points="{}"/>', points)
    return svg(width, height, title, "spark", body)


def uptime_strip(
    shares: Sequence[float | None], title: str, *, is_narrow: bool = False
) -> SafeString:
    """A bar for each period: 1 is up all the time; None when nobody asked."""
    wide, step = (3, 4) if is_narrow else (4, 6)
    bars = [
        _uptime_bar(_uptime_class(share), number * step, wide)
        for number, share in enumerate(shares)
    ]
    return svg(max(wide, len(shares) * step - step + wide), 18, title, "uptime", joined(bars))


@lru_cache(maxsize=1024)
def _uptime_bar(name: str, x: int, wide: int) -> SafeString:
    """A page of models has thousands of them, and there are few different ones."""
    return format_html(
        '<rect class="{}" x="{}" y="0" width="{}" height="18" rx="1"/>', name, x, wide
    )


def _uptime_class(share: float | None) -> str:
    if share is None:
        return "up-unknown"
    if share >= 0.99:
        return "up-ok"
    return "up-warn" if share >= 0.9 else "up-bad"


def scatter(
    points: Sequence[Point],
    title: str,
    written_x: Callable[[float], str],
    written_y: Written,
    *,
    width: int = WIDE,
    height: int = 420,
) -> SafeString:
    """Points over a logarithmic axis (prices), with the line of those that nothing beats.

    All have their name as a tooltip; beside them it is written where there is room, first for those
    on the line, then in the order given.
    """
    shown = [point for point in points if point.x > 0]
    if not shown:
        return svg(width, height, title, "chart", joined([]))
    ticks = nice_ticks(max(point.y for point in shown))
    columns = log_ticks(min(point.x for point in shown), max(point.x for point in shown))

    def x_of(value: float) -> float:
        share = log_position(value, columns[0], columns[-1])
        return LEFT + 16 + share * (width - LEFT - RIGHT - 32)

    places = [(x_of(point.x), y_of(point.y, ticks[-1], height)) for point in shown]
    front = pareto([(point.x, point.y) for point in shown])
    line = format_html(
        '<polyline class="chart-front" points="{}"/>',
        " ".join(f"{n(places[number][0])},{n(places[number][1])}" for number in front),
    )
    named = list(dict.fromkeys((*front, *range(len(shown)))))
    beside = [(shown[number].label, *places[number]) for number in named]
    # Left of LEFT stand the numbers of the axis.
    room = room_for_names(beside, LEFT, width, _NAMES_MAX)
    names = dict(zip(named, room, strict=True))
    dots = [_dot(point, places[number], names[number]) for number, point in enumerate(shown)]
    axis = [(x_of(tick), written_x(tick)) for tick in fewer_ticks(columns, width // 48)]
    body = joined([value_axis(ticks, width, height, written_y), _below(axis, height), line, *dots])
    return svg(width, height, title, "chart", body)


def _below(axis: Sequence[tuple[float, str]], height: int) -> SafeString:
    """What values stand where on the axis below."""
    return joined(
        [
            format_html(
                '<text class="chart-tick" x="{}" y="{}" text-anchor="middle">{}</text>',
                n(x), height - 8, text,
            )
            for x, text in axis
        ]
    )  # fmt: skip


def _dot(point: Point, place: tuple[float, float], name: tuple[float, float] | None) -> SafeString:
    """With its name at `name`, if there is room for it."""
    x, y = place
    written = format_html(
        '<text class="chart-name" x="{}" y="{}">{}</text>', n(name[0]), n(name[1]), point.label
    ) if name else ""  # fmt: skip
    dot = format_html(
        '<circle class="chart-dot" cx="{}" cy="{}" r="4"><title>{}</title></circle>{}',
        n(x), n(y), point.label, written,
    )  # fmt: skip
    return format_html('<a href="{}">{}</a>', point.href, dot) if point.href else dot
