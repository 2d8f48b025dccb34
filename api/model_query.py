"""The query string of GET /models: which models, and which page of them. Pure.

Source: openrouter-today 1.7. Parameters we do not know are ignored, as there; a page we cannot
give is a 400 that names the parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from catalog.snapshot import Catalog, Model
from openrouter_site.errors import BadRequest

LIMIT_MAX = 1000
LIMIT_DEFAULT = 500
_OFFSET_MAX = 1_000_000


def whole_number(query: Mapping[str, str], name: str, minimum: int, maximum: int) -> int | None:
    """The parameter; None when it is absent or empty. Raises BadRequest."""
    text = query.get(name, "")
    if not text:
        return None
    # Digits only and not too many: int() also takes "1_0", " 1" and other scripts' digits.
    if text.isascii() and text.isdigit() and len(text) <= len(str(maximum)):
        number = int(text)
        if minimum <= number <= maximum:
            return number
    raise BadRequest(f"{name} must be a whole number from {minimum} to {maximum}")


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """What is asked for. `limit` is None for the full list: neither offset nor limit was given."""

    words: tuple[str, ...] = ()
    supported_parameters: frozenset[str] = frozenset()
    offset: int = 0
    limit: int | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> ModelQuery:
        """Raises BadRequest for an offset or a limit out of range."""
        offset = whole_number(query, "offset", 0, _OFFSET_MAX)
        limit = whole_number(query, "limit", 1, LIMIT_MAX)
        if limit is None and offset is not None:
            limit = LIMIT_DEFAULT
        names = query.get("supported_parameters", "").split(",")
        return cls(
            words=tuple(query.get("q", "").casefold().split()),
            supported_parameters=frozenset(name.strip() for name in names if name.strip()),
            offset=offset or 0,
            limit=limit,
        )

    def _wants(self, model: Model) -> bool:
        if not self.supported_parameters.issubset(model.supported_parameters):
            return False
        text = f"{model.id} {model.name}".casefold()
        return all(word in text for word in self.words)

    def select(self, models: Iterable[Model]) -> list[Model]:
        """All that match, in the order given, before paging."""
        return [model for model in models if self._wants(model)]

    def page(self, models: list[Model]) -> list[Model]:
        end = None if self.limit is None else self.offset + self.limit
        return models[self.offset : end]

    def next_page(self, path: str, query: Mapping[str, str], total: int) -> str | None:
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
