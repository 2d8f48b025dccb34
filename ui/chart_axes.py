"""What all charts are made of: the picture around them, its axes, and how numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# At 1:1, so that text has its size: one picture for desks and one for phones.
WIDE, NARROW = 1130, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 4, 10, 26
_LABEL_WIDTH = 84
Written = Callable[[int], str]


def n(number: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def svg(width: int, height: int, title: str, name: str, body: SafeString) -> SafeString:
    """The whole picture; `title` says in words what it shows."""
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
        'aria-label="{}">{}</svg>',
        name, width, height, width, height, title, body,
    )  # fmt: skip


def joined(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def value_axis(ticks: Sequence[int], width: int, height: int, written: Written) -> SafeString:
    """Lines across, with what they stand for at their left."""
    parts = []
    for tick in ticks:
        y = y_of(tick, ticks[-1], height)
        parts.append(
            format_html(
                '<line class="chart-grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="chart-tick" x="{}" y="{}" text-anchor="end">{}</text>',
                LEFT, width - RIGHT, n(y), n(y), LEFT - 10, n(y + 4), written(tick),
            )
        )  # fmt: skip
    return joined(parts)


def y_of(value: float, top: int, height: int) -> float:
    return height - BOTTOM - value / top * (height - TOP - BOTTOM)


def label_axis(labels: Sequence[str], width: int, height: int) -> SafeString:
    """As many labels below as there is room for, evenly spaced from the first one."""
    if not labels:
        return joined([])
    slot = (width - LEFT - RIGHT) / len(labels)
    every = max(1, -(-_LABEL_WIDTH // max(1, int(slot))))
    return joined(
        [
            format_html(
                '<text class="chart-tick" x="{}" y="{}" text-anchor="middle">{}</text>',
                n(max(LEFT + 14, LEFT + slot * (number + 0.5))), height - 8, label,
            )
            for number, label in enumerate(labels)
            if number % every == 0
        ]
    )  # fmt: skip
