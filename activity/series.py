"""The stacked chart, and the same numbers for its table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from activity.dimensions import Dimension, Group
from activity.measures import Totals
from activity.periods import Period
from activity.reading import Reading

TOP = 9

METRICS: dict[str, Callable[[Totals], int]] = {
    "spend": lambda totals: totals.cost_nano,
    "tokens": lambda totals: totals.tokens,
    "requests": lambda totals: totals.requests,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One group, or all others together (`group` is None then): a value for each slot."""

    group: Group | None
    label: str
    values: tuple[int, ...]
    totals: Totals

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Series:
    """`lines`: the largest first, the others last. Spend is nano-dollars."""

    metric: str
    dimension: str
    cut: str
    edges: tuple[datetime, ...]
    lines: tuple[Line, ...]

    @property
    def sums(self) -> tuple[int, ...]:
        """Of all lines, for each slot."""
        columns = zip(*(line.values for line in self.lines), strict=True)
        return tuple(map(sum, columns)) if self.lines else (0,) * len(self.edges)


def series(reading: Reading, period: Period, metric: str, dimension: Dimension) -> Series:
    """The TOP largest groups by the metric, and what is left as "Other"."""
    value = METRICS[metric]
    groups = used_groups(reading, period, dimension)
    ranked = sorted(groups, key=lambda group: (-value(groups[group]), str(group)))
    top = ranked[:TOP]
    cells = reading.usage(
        period.begin, period.end, edges=period.edges, dimension=dimension, top=top
    )
    values: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(period.edges))
    for (slot, (place,)), totals in cells.items():
        values[place][slot - 1] += value(totals)
    labels = dimension.labels(top, reading.scope.user_id)
    lines = [
        Line(group, labels[group], tuple(values[place]), groups[group])
        for place, group in enumerate(top)
    ]
    if others := ranked[TOP:]:
        totals = Totals.sum(groups[group] for group in others)
        lines.append(Line(None, "Other", tuple(values[len(top)]), totals))
    return Series(metric, dimension.name, period.cut, period.edges, tuple(lines))


def used_groups(reading: Reading, period: Period, dimension: Dimension) -> dict[Group, Totals]:
    """Every group that was used in the period, with its totals: what a filter can offer."""
    cells = reading.usage(period.begin, period.end, dimension=dimension)
    return {group: totals for (_, group), totals in cells.items()}
