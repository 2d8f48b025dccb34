"""The rankings of completed days (UTC), as pages show them: read once a minute, by all of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Max, Min, Q, QuerySet, Sum

from activity.models import SummedDay, Watermark
from openrouter_site.cell import CellMap
from rankings.models import AppDay, ModelDay, TakenDay
from rankings.spans import COMPARED, LENGTHS, Length, Span, spans
from rankings.standings import Standing, standings

_TTL_S = 60
# The sums of a day are there some minutes before the rankings have taken them.
_UNTAKEN_DAYS = 3


@dataclass(frozen=True, slots=True)
class App:
    """`origin` is where a link may lead, `title` what the app calls itself: anybody's words.

    `tokens` are of the last spans of a board, oldest first; `requests` of the newest."""

    id: int
    title: str
    origin: str
    tokens: tuple[int, ...]
    requests: int

    @property
    def host(self) -> str:
        """As people write it: chat.example, localhost."""
        return self.origin.partition("://")[2]

    @property
    def name(self) -> str:
        return self.title or self.host


@dataclass(frozen=True, slots=True)
class Board:
    """`spans` are oldest first, none of them while there is no completed day. `models` are tokens
    of each span by model id, `requests` of the newest; `apps` have the newest COMPARED + 1 spans,
    `places` are theirs.

    `begins_on` is the first day ever, `computed_at` when a day was taken last.
    """

    length: Length
    spans: tuple[Span, ...]
    models: Mapping[str, tuple[int, ...]]
    requests: Mapping[str, int]
    apps: Mapping[int, App]
    places: Sequence[Standing[int]]
    begins_on: date | None
    computed_at: datetime | None

    @property
    def span(self) -> Span:
        """The newest, which is ranked."""
        return self.spans[-1]

    @property
    def tokens(self) -> int:
        return sum(tokens[-1] for tokens in self.models.values())

    @property
    def compares(self) -> bool:
        """Whether all the spans that growth is measured by have been lived through."""
        return self.begins_on is not None and self.begins_on <= self.spans[-1 - COMPARED].first


def board(length: str) -> Board:
    """Of "day", "week" or "month"; a minute old. May read the database, and raise its errors."""
    return _boards.get_blocking(length)


def last_completed() -> date | None:
    """The last day that is over and taken; None while there is none."""
    watermark = Watermark.objects.first()
    if watermark is None:
        return None
    last = watermark.until.astimezone(UTC).date() - timedelta(days=1)
    since = datetime.combine(last - timedelta(days=_UNTAKEN_DAYS), time.min, UTC)
    summed = SummedDay.objects.filter(begins_at__gte=since).values_list("begins_at", flat=True)
    days = {begins_at.astimezone(UTC).date() for begins_at in summed}
    taken = TakenDay.objects.filter(day__gte=since.date()).values_list("day", flat=True)
    untaken = days.difference(taken)
    return min(untaken) - timedelta(days=1) if untaken else last


def forget() -> None:
    """Read anew: an app was hidden, or a test rolled its rows back."""
    _boards.clear()


def _read(name: str) -> Board:
    length = LENGTHS[name]
    last = last_completed()
    begins_on = ModelDay.objects.aggregate(first=Min("day"))["first"]
    if last is None or begins_on is None or begins_on > last:
        return Board(length, (), {}, {}, {}, (), None, None)
    shown = spans(last, length.days, length.bars)
    models, requests = _models(shown)
    apps = apps_in(shown[-1 - COMPARED :])
    return Board(
        length, shown, models, requests, apps, app_standings(apps), begins_on,
        TakenDay.objects.aggregate(last=Max("taken_at"))["last"],
    )  # fmt: skip


def _models(shown: tuple[Span, ...]) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
    tokens: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(shown))
    requests: defaultdict[str, int] = defaultdict(int)
    first, days = shown[0].first, shown[0].days
    rows = ModelDay.objects.filter(day__gte=first, day__lte=shown[-1].last)
    for model, day, spent, asked in rows.values_list("model", "day", "tokens", "requests"):
        tokens[model][(day - first).days // days] += spent
        requests[model] += asked if day >= shown[-1].first else 0
    return {model: tuple(each) for model, each in tokens.items()}, dict(requests)


def apps_in(shown: Sequence[Span]) -> dict[int, App]:
    """Those used in these spans, which follow each other, oldest first; no hidden ones."""
    sums = {
        f"tokens_{number}": Sum(
            "tokens", filter=Q(day__gte=span.first, day__lte=span.last), default=0
        )
        for number, span in enumerate(shown)
    }
    newest = Q(day__gte=shown[-1].first)
    rows: QuerySet[AppDay, Any] = (
        AppDay.objects.filter(day__gte=shown[0].first, day__lte=shown[-1].last, app__hidden=False)
        .values("app_id")
        .annotate(asked=Sum("requests", filter=newest, default=0), **sums)
        .order_by()
        .values_list("app_id", "app__title", "app__origin", "asked", *sums)
    )
    return {
        id: App(id, title, origin, tuple(map(int, tokens)), int(asked))
        for id, title, origin, asked, *tokens in rows
    }


def app_standings(apps: Mapping[int, App]) -> list[Standing[int]]:
    return standings({id: app.tokens for id, app in apps.items()})


def nameless(apps: Mapping[int, App]) -> dict[int, App]:
    """Those with a place, without who they are: numbered by their places."""
    return {
        each.rank: replace(apps[each.key], id=each.rank, title=f"App {each.rank}", origin="")
        for each in app_standings(apps)
    }


_boards = CellMap(_read, ttl_s=_TTL_S, size=len(LENGTHS), stale_if_error_s=math.inf)
