"""Price against throughput: a picture, and the same numbers for its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from catalog.snapshot import Model, Prices
from explore.listing.facets import has_token_price
from explore.listing.ordering import Found, Measured, Speed
from ui import charts, format
from ui.charts import Point
from ui.scales import pareto

# Prompts are longer than answers: a million tokens of a usual mix, of which so many are prompt.
PROMPT_PARTS, COMPLETION_PARTS = 3, 1
POINTS_MAX = 120
# Beside the filters.
_WIDE = 930
_PICO_PER_TOKEN_OF_A_DOLLAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Measurement:
    """`price_pico`: per token of the mix. `is_best`: no other is both cheaper and faster."""

    model: Model
    price_pico: int
    tokens_per_second: int
    is_best: bool


@dataclass(frozen=True, slots=True)
class PriceSpeed:
    """`rows`: the fastest first; `measured` of the `found` models could be there. The picture shows
    the `drawn` of the rows that are not free: those have no place on its axis."""

    picture: SafeString
    rows: list[Measurement]
    drawn: int
    measured: int
    found: int

    @property
    def free(self) -> int:
        return len(self.rows) - self.drawn


def mixed_price_pico(prices: Prices) -> int:
    parts = PROMPT_PARTS + COMPLETION_PARTS
    sum_pico = PROMPT_PARTS * prices.prompt_pico + COMPLETION_PARTS * prices.completion_pico
    return (sum_pico + parts // 2) // parts


def price_speed(found: Sequence[Found], measured: Measured) -> PriceSpeed:
    """Of the first POINTS_MAX that were measured, in the order given."""
    speeds = measured.speeds()
    known = [
        (each.lead, mixed_price_pico(each.lead.prices), speed)
        for each in found
        if has_token_price(each.lead)
        and (speed := speeds.get(each.lead.id, Speed()).tokens_per_second) is not None
    ]
    shown = known[:POINTS_MAX]
    best = set(pareto([(price, speed) for _, price, speed in shown]))
    rows = [
        Measurement(model, price, speed, number in best)
        for number, (model, price, speed) in enumerate(shown)
    ]
    drawn = [each for each in rows if each.price_pico]
    picture = _picture(drawn)
    rows.sort(key=lambda each: -each.tokens_per_second)
    return PriceSpeed(picture, rows, len(drawn), len(known), len(found))


def _picture(drawn: Sequence[Measurement]) -> SafeString:
    points = [
        Point(
            each.model.id.partition("/")[2],
            each.price_pico / _PICO_PER_TOKEN_OF_A_DOLLAR,
            each.tokens_per_second,
        )
        for each in drawn
    ]
    title = f"Price and throughput of {len(points)} models; the table below has the numbers"
    return charts.both_widths(
        lambda width, height: charts.scatter(
            points, title, _dollars, lambda speed: f"{speed} t/s",
            width=width, height=460 if width == _WIDE else 320,
        ),
        wide=_WIDE,
    )  # fmt: skip


def _dollars(price: float) -> str:
    return format.price_per_million(round(price * _PICO_PER_TOKEN_OF_A_DOLLAR))
