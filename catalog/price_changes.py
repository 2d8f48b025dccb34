"""How prices changed, for pages and feeds. Read at most once a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from catalog.models import PriceChange
from catalog.snapshot import Prices
from openrouter_site.cell import Cell

DAYS = 90
_READ_MAX = 1000
_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Change:
    """An endpoint's prices before and after; `tag` tells several of one provider apart."""

    id: int
    at: datetime
    model_id: str
    model_name: str
    provider_slug: str
    provider_name: str
    tag: str
    old: Prices
    new: Prices

    @property
    def is_rise(self) -> bool:
        """Whether some price rose and none fell."""
        pairs = list(zip(_four(self.old), _four(self.new), strict=True))
        return any(new > old for old, new in pairs) and all(new >= old for old, new in pairs)

    @property
    def is_fall(self) -> bool:
        """Whether some price fell and none rose."""
        pairs = list(zip(_four(self.old), _four(self.new), strict=True))
        return any(new < old for old, new in pairs) and all(new <= old for old, new in pairs)


def _four(prices: Prices) -> tuple[int, int, int, int]:
    return prices.prompt_pico, prices.completion_pico, prices.image_pico, prices.request_pico


def recent_price_changes(
    most: int = 100, *, provider: str = "", model: str = ""
) -> tuple[Change, ...]:
    """The newest first, of the last DAYS days, at most a minute old.

    `provider` (a slug) and `model` (an id) choose. Of models, providers and endpoints that are
    switched off too: what was, was. May read the database, and raise its errors.
    """
    found = (
        change
        for change in _cell.get_blocking()
        if provider in ("", change.provider_slug) and model in ("", change.model_id)
    )
    return tuple(change for change, _ in zip(found, range(most), strict=False))


def _read() -> tuple[Change, ...]:
    since = timezone.now() - timedelta(days=DAYS)
    rows = PriceChange.objects.filter(at__gte=since).select_related(
        "endpoint__model", "endpoint__provider"
    )
    return tuple(map(_change, rows[:_READ_MAX]))


def _change(row: PriceChange) -> Change:
    endpoint = row.endpoint
    return Change(
        row.pk, row.at, endpoint.model.slug, endpoint.model.name, endpoint.provider.slug,
        endpoint.provider.name, endpoint.tag, Prices(*row.old), Prices(*row.new),
    )  # fmt: skip


def _empty_cell() -> Cell[tuple[Change, ...]]:
    return Cell(_read, ttl_s=_TTL_S, stale_if_error_s=math.inf)


_cell = _empty_cell()


def forget() -> None:
    """Drop what was read. For tests, where rolling back takes the rows back too."""
    global _cell
    _cell = _empty_cell()
