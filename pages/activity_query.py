"""What an address of the activity pages asks for: a range, a chart, a filter of requests.

Whatever it says, a page can be shown: what cannot be meant is left out, and said in `wrong`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict

from activity import periods
from activity.dimensions import DIMENSIONS, MODEL, Dimension
from activity.filters import STATUSES, Filter
from activity.periods import Period
from activity.requests import Cursor
from activity.series import METRICS
from openrouter_site.money import parse_amount

RANGES = ("24h", "7d", "30d", "90d")
_RANGE = "30d"
_CHARACTERS_MAX = 600
_YES_NO = {"yes": True, "no": False}


@dataclass(slots=True)
class Asked:
    """`custom` has the days of a range of one's own, as they were written."""

    period: Period
    range: str
    custom: tuple[str, str]
    metric: str
    dimension: Dimension
    requests: Filter
    after: Cursor | None = None
    before: Cursor | None = None
    wrong: list[str] = field(default_factory=list)

    @property
    def is_filtered(self) -> bool:
        """Whether it shows fewer requests than the range and the key have."""
        wanted = self.requests
        parts = (
            wanted.model, wanted.provider, wanted.app, wanted.status, wanted.streamed,
            wanted.own_key, wanted.cost_min_nano,
        )  # fmt: skip
        return any(part is not None for part in parts)


def read(query: QueryDict, now: datetime, zone: ZoneInfo) -> Asked:
    wrong: list[str] = []
    text = {
        name: value[:_CHARACTERS_MAX] for name, value in query.items() if isinstance(value, str)
    }
    period, name = _period(text, now, zone, wrong)
    metric, by = text.get("metric", ""), text.get("by", "")
    return Asked(
        period=period,
        range=name,
        custom=(text.get("from", ""), text.get("to", "")),
        metric=metric if metric in METRICS else next(iter(METRICS)),
        dimension=DIMENSIONS.get(by, MODEL),
        requests=_filter(text, period, wrong),
        after=_cursor(text.get("after", ""), wrong),
        before=_cursor(text.get("before", ""), wrong),
        wrong=wrong,
    )


def _period(
    text: dict[str, str], now: datetime, zone: ZoneInfo, wrong: list[str]
) -> tuple[Period, str]:
    name = text.get("range", _RANGE)
    if name == "custom":
        try:
            days = date.fromisoformat(text.get("from", "")), date.fromisoformat(text.get("to", ""))
            return periods.custom(*days, now, zone), name
        except ValueError as error:
            said = str(error)
            wrong.append(said if said.startswith("from") else "Give two days, like 2026-06-01.")
    return periods.last(name if name in RANGES else _RANGE, now, zone), (
        name if name in RANGES else _RANGE
    )


def _filter(text: dict[str, str], period: Period, wrong: list[str]) -> Filter:
    status = text.get("status", "")
    return Filter(
        begin=period.begin,
        end=period.end,
        model=text.get("model") or None,
        provider=text.get("provider") or None,
        key_id=_key(text.get("key", "")),
        app=_app(text.get("app", "")),
        status=status if status in STATUSES else None,
        streamed=_YES_NO.get(text.get("streamed", "")),
        own_key=_YES_NO.get(text.get("own", "")),
        cost_min_nano=_cost(text.get("cost", ""), wrong),
    )


def _key(text: str) -> int | None:
    """0: keys that are deleted."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _app(text: str) -> tuple[str, str] | None:
    """Referer and title, as the select has them: parted by a space, which no address has."""
    if not text:
        return None
    referer, _, title = text.partition(" ")
    return referer, title


def app_value(referer: str, title: str) -> str:
    """What `_app` reads."""
    return f"{referer} {title}"


def _cost(text: str, wrong: list[str]) -> int | None:
    if not text.strip():
        return None
    try:
        return max(0, parse_amount(text.strip().removeprefix("$")))
    except ValueError:
        wrong.append("The least cost must be dollars, like 0.01.")
        return None


def _cursor(text: str, wrong: list[str]) -> Cursor | None:
    if not text:
        return None
    try:
        return Cursor.parse(text)
    except (ValueError, OverflowError):
        wrong.append("This place in the list does not exist. It begins at the top.")
        return None
