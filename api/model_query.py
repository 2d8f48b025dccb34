"""The query string of GET /models: which models, in which order, and which page of them.

Source: openrouter-today 1.7. Parameters we do not know are ignored, as there; a value that cannot
be is a 400 that names the parameter.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from api import query_values
from api.model_filters import Condition, conditions
from api.model_order import NEWEST, SORTS, ordered
from api.query_values import Query
from catalog.snapshot import Catalog, Model

LIMIT_MAX = 1000
LIMIT_DEFAULT = 500
OFFSET_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """What is asked for. `limit` is None for the full list: neither offset nor limit was given."""

    conditions: tuple[Condition, ...] = ()
    sort: str | None = None
    offset: int = 0
    limit: int | None = None
    is_feed: bool = False
    feed_links_to_chat: bool = False

    @classmethod
    def parse(cls, query: Query) -> ModelQuery:
        """Raises BadRequest for a value that cannot be."""
        offset = query_values.whole_number(query, "offset", 0, OFFSET_MAX)
        limit = query_values.whole_number(query, "limit", 1, LIMIT_MAX)
        if limit is None and offset is not None:
            limit = LIMIT_DEFAULT
        is_feed = bool(query_values.flag(query, "use_rss"))
        return cls(
            conditions=tuple(conditions(query, time.time())),
            sort=query_values.one_of(query, "sort", SORTS) or (NEWEST if is_feed else None),
            offset=offset or 0,
            limit=limit,
            is_feed=is_feed,
            feed_links_to_chat=bool(query_values.flag(query, "use_rss_chat_links")),
        )

    def select(self, models: Iterable[Model]) -> list[Model]:
        """All that match, in order, before paging."""
        found = [model for model in models if all(fits(model) for fits in self.conditions)]
        return ordered(found, self.sort)

    def page(self, models: list[Model]) -> list[Model]:
        end = None if self.limit is None else self.offset + self.limit
        return models[self.offset : end]

    def next_page(self, path: str, query: Query, total: int) -> str | None:
        """Where the next page is: the same question with another offset; None after the last."""
        if self.limit is None or self.offset + self.limit >= total:
            return None
        asked = {name: value for name, value in query.items() if name not in {"offset", "limit"}}
        page = {"offset": self.offset + self.limit, "limit": self.limit}
        return f"{path}?{urlencode(asked | page)}"


def offered(catalog: Catalog) -> Iterator[Model]:
    """Models that somebody serves here, and routers; all of them while nobody serves any.

    So the list of a server without a single credential still shows what there could be.
    """
    served = {model.id for model in catalog.models.values() if model.served_by}
    for model in catalog.models.values():
        if not served or model.id in served or served.intersection(model.routes_to):
            yield model
