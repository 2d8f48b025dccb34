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
