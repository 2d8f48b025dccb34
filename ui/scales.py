"""The numbers behind charts: ticks, stacks, logarithmic axes, the Pareto line. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OTHER = "Other"
SERIES_MAX = 9


@dataclass(frozen=True, slots=True)
class Series:
    """`colour` is the name of a token of the design: c1 to c9, and c0 for what is left."""

    label: str
    values: tuple[int, ...]
    colour: str

    @property
    def total(self) -> int:
        return sum(self.values)


def nice_ticks(maximum: int, parts: int = 5) -> list[int]:
    """Round steps from 0 to at least 10% above `maximum`: the last is the top of the axis."""
    target = max(1, -(-maximum * 11 // 10))
    step = _nice_step(-(-target // parts))
    ticks = [0]
    while ticks[-1] < target:
        ticks.append(ticks[-1] + step)
    return ticks


def _nice_step(least: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 25, 50, 100, ... that is no less."""
    magnitude: int = 10 ** (len(str(least)) - 1)
    factors = [10, 20, 50, 100] if magnitude == 1 else [10, 20, 25, 50, 100]
    return next(step for f in factors if (step := f * magnitude // 10) >= least)


def stack(rows: Mapping[str, Sequence[int]], series_max: int = SERIES_MAX) -> list[Series]:
    """The largest, largest first, and all the rest as Other. Every number stays in the sum."""
    ranked = sorted(rows.items(), key=lambda row: (-sum(row[1]), row[0]))
    top, rest = ranked[:series_max], ranked[series_max:]
    stacked = [
        Series(label, tuple(values), f"c{number}")
        for number, (label, values) in enumerate(top, start=1)
    ]
    if rest:
        columns = zip(*(values for _, values in rest), strict=True)
        stacked.append(Series(OTHER, tuple(sum(column) for column in columns), "c0"))
    return stacked


def log_ticks(least: float, most: float) -> list[float]:
    """1, 2 and 5 of each power of ten that spans both; both must be above 0."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    ticks = [
        factor * 10.0**power
        for power in range(first, last + 1)
        for factor in (1, 2, 5)
    ]  # fmt: skip
    low = max((tick for tick in ticks if tick <= least), default=ticks[0])
    high = min((tick for tick in ticks if tick >= most), default=ticks[-1])
    return [tick for tick in ticks if low <= tick <= high]


def log_position(value: float, least: float, most: float) -> float:
    """Where it is between both, 0 to 1, on a logarithmic axis."""
    if most <= least:
        return 0.5
    return math.log(value / least) / math.log(most / least)


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Numbers of the points that nothing beats: none is both cheaper (x) and faster (y)."""
    best = -math.inf
    front = []
    order = sorted(range(len(points)), key=lambda number: (points[number][0], -points[number][1]))
    for number in order:
        if points[number][1] > best:
            best = points[number][1]
            front.append(number)
    return front


def fewer_ticks(ticks: Sequence[float], most: int) -> list[float]:
    """Of a logarithmic axis: all, or only powers of ten where there are more than `most`."""
    if len(ticks) <= most:
        return list(ticks)
    powers = [tick for tick in ticks if math.isclose(math.log10(tick) % 1, 0, abs_tol=1e-9)]
    return powers or [ticks[0], ticks[-1]]


# Of a letter of 11 px, and how far a name is from its dot, in px.
_LETTER_WIDTH, _LINE_HEIGHT, _AWAY = 6.1, 12, 8


def room_for_names(
    names: Sequence[tuple[str, float, float]], least_x: int, most_x: int, most: int
) -> list[tuple[float, float] | None]:
    """Where the text of each (name, x, y) of a dot begins: right of it, or left, above or below,
    wherever it is between both x and covers neither another name nor a dot. None where there is no
    room, and for all after the first `most`."""
    dots = [(x - 4, y - 4, x + 4, y + 4) for _, x, y in names]
    taken: list[tuple[float, float, float, float]] = []
    found: list[tuple[float, float] | None] = []
    for number, (name, x, y) in enumerate(names):
        wide = len(name) * _LETTER_WIDTH
        others = dots[:number] + dots[number + 1 :]
        free = (
            (left, foot)
            for left, foot in (
                (x + _AWAY, y + 4), (x - _AWAY - wide, y + 4),
                (x - wide / 2, y - _AWAY), (x - wide / 2, y + _AWAY + 9),
            )
            if left >= least_x and left + wide <= most_x
            and not any(
                _overlap((left, foot - _LINE_HEIGHT + 2, left + wide, foot + 2), box)
                for box in (*taken, *others)
            )
        )  # fmt: skip
        place = next(free, None) if number < most else None
        if place is not None:
            left, foot = place
            taken.append((left, foot - _LINE_HEIGHT + 2, left + wide, foot + 2))
        found.append(place)
    return found


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
