"""The stacked chart of a ranking, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.utils.safestring import SafeString

from explore.rankings_words import written_day, written_span
from rankings.spans import Span
from ui import charts, format
from ui.scales import OTHER, Series, stack


@dataclass(frozen=True, slots=True)
class Chart:
    """`colours` by what was drawn; what is not in it is among Other. `labels` are the whole spans,
    `rows` have text of each: name, total, then one for each span."""

    picture: SafeString
    series: tuple[Series, ...]
    colours: Mapping[str, str]
    labels: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


def draw(
    rows: Mapping[str, Sequence[int]], spans: Sequence[Span], names: Mapping[str, str], title: str
) -> Chart:
    """`rows` are tokens of each span by id, `names` what people call them."""
    stacked = stack({id: tokens for id, tokens in rows.items() if any(tokens)})
    series = tuple(replace(each, label=names.get(each.label, each.label)) for each in stacked)
    below = [written_day(span.first) for span in spans]
    picture = charts.both_widths(partial(_picture, series, below, title))
    return Chart(
        picture=picture,
        series=series,
        colours={each.label: each.colour for each in stacked if each.label != OTHER},
        labels=tuple(map(written_span, spans)),
        rows=tuple(
            (each.label, format.compact(each.total), tuple(map(format.compact, each.values)))
            for each in series
        ),
    )


def _picture(
    series: Sequence[Series], labels: Sequence[str], title: str, width: int, height: int
) -> SafeString:
    return charts.stacked_bars(series, labels, title, format.compact, width=width, height=height)
