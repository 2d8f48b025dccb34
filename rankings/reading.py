"""What pages and datasets read of the rankings."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import F, Sum

from activity.models import UsageHour
from openrouter_site.cell import Cell
from rankings import access
from rankings.models import AppDay, ModelDay, TakenDay

DAYS_MAX = 120
_TTL_S = 60
_STALE_S = 600
# Yesterday is taken some time after midnight; until then its hours are added up.
_OPEN_DAYS = 3

Days = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Board:
    last: date
    tokens: Days


@dataclass(frozen=True, slots=True)
class AppUse:
    """`origin` is where a link may lead, `title` what the app calls itself: anybody's words."""

    app_id: int
    title: str
    origin: str
    tokens: int


def daily_tokens(days: int) -> Days:
    """Prompt and completion tokens of all accounts by model id: one number for each UTC day, oldest
    first, today last. Models that nobody used in that time are left out. At most DAYS_MAX days; a
    minute old. May read the database, and raise its errors."""
    board = _cell.get_blocking()
    # After midnight the board may still end yesterday.
    behind = max(0, (datetime.now(UTC).date() - board.last).days)
    found = {}
    for model, tokens in board.tokens.items():
        moved = (*tokens, *(0 for _ in range(behind)))[-days:]
        if any(moved):
            found[model] = moved
    return found


def apps_of(model_id: str, days: int = 30, most: int = 10) -> list[AppUse]:
    """Apps that used the model in the last completed days, by tokens; hidden ones are not there.

    None at all unless everybody may know apps by name (rankings.access)."""
    if not access.sees_app_names(None):
        return []
    since = datetime.now(UTC).date() - timedelta(days=days)
    rows = AppDay.objects.filter(model=model_id, day__gte=since, app__hidden=False)
    sums = rows.values("app_id", "app__title", "app__origin").annotate(all=Sum("tokens"))
    return [
        AppUse(app_id, title, origin, int(tokens))
        for app_id, title, origin, tokens in sums.order_by("-all", "app_id").values_list(
            "app_id", "app__title", "app__origin", "all"
        )[:most]
    ]


def forget() -> None:
    """For tests, where rolling back takes the rows away."""
    global _cell
    _cell = _empty_cell()


def _read() -> _Board:
    today = datetime.now(UTC).date()
    first = today - timedelta(days=DAYS_MAX - 1)
    days: defaultdict[str, list[int]] = defaultdict(lambda: [0] * DAYS_MAX)
    for model, day, tokens in ModelDay.objects.filter(day__gte=first).values_list(
        "model", "day", "tokens"
    ):
        if day <= today:
            days[model][(day - first).days] += tokens
    for model, day, tokens in _open(today):
        days[model][(day - first).days] += tokens
    return _Board(today, {model: tuple(tokens) for model, tokens in days.items()})


def _open(today: date) -> list[tuple[str, date, int]]:
    """(model, day, tokens) of the latest days that are not taken yet."""
    candidates = {today - timedelta(days=number) for number in range(_OPEN_DAYS)}
    taken = TakenDay.objects.filter(day__in=candidates).values_list("day", flat=True)
    found = []
    for day in candidates.difference(taken):
        begin = datetime.combine(day, time.min, UTC)
        hours = UsageHour.objects.filter(begins_at__gte=begin, begins_at__lt=begin + timedelta(1))
        sums = hours.exclude(model="").values("model")
        sums = sums.annotate(all=Sum(F("tokens_prompt") + F("tokens_completion"))).order_by()
        found += [(model, day, int(tokens)) for model, tokens in sums.values_list("model", "all")]
    return found


def _empty_cell() -> Cell[_Board]:
    return Cell(_read, ttl_s=_TTL_S, stale_s=_STALE_S, stale_if_error_s=math.inf)


_cell = _empty_cell()
