"""How much a model is used here, and by which apps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.safestring import SafeString

from rankings import reading
from rankings.reading import AppUse
from ui import charts, format
from ui.scales import Series

DAYS = 30


@dataclass(frozen=True, slots=True)
class Usage:
    """`days` are (label, tokens as text), oldest first. `picture` is empty when `total` is 0."""

    total: int
    picture: SafeString
    days: tuple[tuple[str, str], ...]
    apps: tuple[AppUse, ...]


def usage(model_id: str) -> Usage:
    """Prompt and completion tokens of all accounts, by UTC day."""
    tokens = reading.daily_tokens(DAYS).get(model_id, (0,) * DAYS)
    today = datetime.now(UTC).date()
    dates = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    labels = tuple(f"{date.day} {date:%b}" for date in dates)
    series = [Series("Tokens", tokens, "c1")]

    def picture(width: int, height: int) -> SafeString:
        return charts.stacked_bars(
            series, labels, "Tokens for each day", format.compact, width=width, height=height
        )

    return Usage(
        total=sum(tokens),
        picture=charts.both_widths(picture) if any(tokens) else SafeString(),
        days=tuple(zip(labels, map(format.compact, tokens), strict=True)),
        apps=tuple(reading.apps_of(model_id, DAYS)),
    )
