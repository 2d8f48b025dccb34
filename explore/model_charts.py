"""Thirty days of a model's providers: speed, latency and uptime, as pictures and as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from explore.figures import SAMPLES_MIN, FigureRow, figure_row
from explore.offers import Offer
from routing import endpoint_history
from routing.endpoint_history import Day, Days
from routing.histogram import Histogram
from ui import charts, format
from ui.chart_axes import Written
from ui.line_chart import Line, lines

# A day of fewer answers is left out of its line.
DAY_SAMPLES_MIN = 3
_LINES_MAX = 9


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of one line, as text."""

    label: str
    colour: str
    whole: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`lacking`: who was measured too seldom to be drawn. No `rows`: nobody is."""

    title: str
    note: str
    picture: SafeString
    drawn: tuple[Line, ...]
    rows: tuple[Row, ...]
    lacking: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uptime:
    """Of one provider."""

    label: str
    figures: FigureRow
    daily: tuple[str, ...]


def labels_of(days: Sequence[Day]) -> tuple[str, ...]:
    """As the axis has them: 5 May."""
    return tuple(f"{day.date.day} {day.date:%b}" for day in days)


def names(offers: Sequence[Offer]) -> dict[int, str]:
    """Of each endpoint; with its tag where its provider has several."""
    providers = [offer.endpoint.provider.name for offer in offers]
    found = {}
    for offer in offers:
        name, tag = offer.endpoint.provider.name, offer.endpoint.tag
        found[offer.endpoint.id] = f"{name} ({tag})" if tag and providers.count(name) > 1 else name
    return found


def throughput(offers: Sequence[Offer]) -> Chart:
    def of_day(histogram: Histogram) -> int:
        return round(histogram.percentile(50, highest_first=True))

    return _chart(
        offers, "Speed", "Tokens per second, the median of each day; more is better.",
        lambda day: day.throughput, of_day, lambda value: f"{format.count(value)} t/s",
    )  # fmt: skip


def latency(offers: Sequence[Offer]) -> Chart:
    def of_day(histogram: Histogram) -> int:
        return round(1000 * histogram.percentile(50))

    return _chart(
        offers, "Time to the first token", "The median of each day; less is better.",
        lambda day: day.latency, of_day, format.duration,
    )  # fmt: skip


def uptimes(offers: Sequence[Offer]) -> list[Uptime]:
    """In routing order: whoever was sent anything."""
    history, called = endpoint_history.history(), names(offers)
    return [
        Uptime(
            called[id],
            figure_row(id),
            tuple(format.percent(day.succeeded, day.succeeded + day.failed) for day in days),
        )
        for id in called
        if (days := history.days.get(id)) is not None
        and any(day.uptime is not None for day in days)
    ]


def _chart(
    offers: Sequence[Offer],
    title: str,
    note: str,
    measured: Callable[[Day], Histogram],
    figure: Callable[[Histogram], int],
    written: Written,
) -> Chart:
    history, called = endpoint_history.history().days, names(offers)
    enough = [id for id in called if _samples(history, id, measured) >= SAMPLES_MIN][:_LINES_MAX]
    labels = labels_of(history[enough[0]]) if enough else ()
    drawn, rows = [], []
    for place, id in enumerate(enough, start=1):
        days = [measured(day) for day in history[id]]
        values = tuple(figure(day) if day.total >= DAY_SAMPLES_MIN else None for day in days)
        whole = Histogram()
        for day in days:
            whole.merge(day)
        texts = tuple(format.UNKNOWN if value is None else written(value) for value in values)
        drawn.append(Line(called[id], values, f"c{place}"))
        rows.append(Row(called[id], f"c{place}", written(figure(whole)), texts))

    def picture(width: int, height: int) -> SafeString:
        words = f"{title} by provider, for each day"
        return lines(drawn, labels, words, written, width=width, height=height)

    return Chart(
        title, note, charts.both_widths(picture), tuple(drawn), tuple(rows),
        tuple(called[id] for id in called if id not in enough), labels,
    )  # fmt: skip


def _samples(history: Days, id: int, measured: Callable[[Day], Histogram]) -> int:
    return sum(measured(day).total for day in history.get(id, ()))
