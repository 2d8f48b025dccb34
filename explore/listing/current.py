"""What the list of models is made from: an index of the catalog in effect, and usage.

The index is made once for each version of the catalog, usage is read once a minute, whatever the
number of visitors.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import DatabaseError

from catalog import live
from catalog.snapshot import Catalog
from explore.figures import together
from explore.listing.index import ModelIndex
from explore.listing.ordering import Measured, Speed
from openrouter_site.cell import Cell
from rankings.reading import daily_tokens

logger = logging.getLogger(__name__)

USAGE_DAYS = 30
_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Current:
    """`usage`: tokens of each of the last USAGE_DAYS days by model id, oldest first; models that
    nobody used are left out."""

    catalog: Catalog
    index: ModelIndex
    usage: Mapping[str, tuple[int, ...]]
    tokens: Mapping[str, int]

    @property
    def measured(self) -> Measured:
        return Measured(self.tokens, speeds)


def current() -> Current:
    """May read the database, and raise its errors while nothing was read yet."""
    found = _cell.get_blocking()
    return found if found.catalog is live.catalog() else _cell.refresh()


def speeds() -> Mapping[str, Speed]:
    """Of all models that were measured, by id, of all their providers together."""
    found = _speeds.get_blocking()
    return found[1] if found[0] is live.catalog() else _speeds.refresh()[1]


def forget() -> None:
    """Drop what was read. For tests, where rolling back takes the rows back too."""
    global _cell, _speeds
    _cell, _speeds = _empty_cell(), _empty_speeds()


def _read() -> Current:
    catalog, known = live.catalog(), _cell.peek()
    same = known is not None and known.catalog is catalog
    index = known.index if known is not None and same else ModelIndex(catalog.models)
    usage = _usage()
    return Current(catalog, index, usage, {id: sum(days) for id, days in usage.items()})


def _usage() -> Mapping[str, tuple[int, ...]]:
    try:
        return daily_tokens(USAGE_DAYS)
    except DatabaseError as error:
        logger.warning("the usage of models cannot be read: %s", error)
        return {}


def _read_speeds() -> tuple[Catalog, Mapping[str, Speed]]:
    catalog = live.catalog()
    figures = (
        (model.id, together(endpoint.id for endpoint in model.endpoints))
        for model in catalog.models.values()
    )
    return catalog, {
        id: Speed(each.latency_ms, each.tokens_per_second) for id, each in figures if each.attempts
    }


def _empty_cell() -> Cell[Current]:
    return Cell(_read, ttl_s=_TTL_S, stale_if_error_s=math.inf)


def _empty_speeds() -> Cell[tuple[Catalog, Mapping[str, Speed]]]:
    return Cell(_read_speeds, ttl_s=_TTL_S, stale_if_error_s=math.inf)


_cell = _empty_cell()
_speeds = _empty_speeds()
