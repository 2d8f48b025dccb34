"""What the address says of the list: words, filters, order, place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from explore.listing.facets import BY_NAME
from explore.listing.ordering import DEFAULT_SORT, SORTS

VIEWS = ("table", "chart")
COMPARED_MAX = 4
_CHARACTERS_MAX, _VALUES_MAX = 100, 50

Options = Mapping[str, Mapping[str, str]]
"""Of each facet, the labels of its options by value."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen` are (facet, value); `compared` are ids of models, picked to lie side by side."""

    text: str = ""
    chosen: tuple[tuple[str, str], ...] = ()
    sort: str = DEFAULT_SORT
    view: str = VIEWS[0]
    page: int = 1
    compared: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.text.casefold().split())

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.chosen)

    def values(self, facet: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.chosen if name == facet)

    def with_value(self, facet: str, value: str) -> Choice:
        return replace(self, chosen=(*self.chosen, (facet, value)), page=1)

    def without(self, *chosen: tuple[str, str]) -> Choice:
        kept = tuple(pair for pair in self.chosen if pair not in chosen)
        return replace(self, chosen=kept, page=1)

    def without_words(self) -> Choice:
        return replace(self, text="", page=1)

    def cleared(self) -> Choice:
        """Everything is shown, in the same order and way."""
        return replace(self, text="", chosen=(), page=1)

    def sorted_by(self, sort: str) -> Choice:
        return replace(self, sort=sort, page=1)

    def shown_as(self, view: str) -> Choice:
        return replace(self, view=view, page=1)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query string, without what is so anyway."""
        return list(self._pairs())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        if self.text:
            yield "q", self.text
        yield from self.chosen
        if self.sort != DEFAULT_SORT:
            yield "sort", self.sort
        if self.view != VIEWS[0]:
            yield "view", self.view
        if self.page != 1:
            yield "page", str(self.page)
        yield from (("m", id) for id in self.compared)

    @property
    def query(self) -> str:
        """`?...`, or nothing."""
        return f"?{urlencode(self.pairs)}" if self.pairs else ""


def read(
    query: Mapping[str, Sequence[str]], options: Options, models: Mapping[str, object]
) -> Choice:
    """From a query string, whatever is in it: what does not exist is not chosen."""

    def last(name: str) -> str:
        return (query.get(name) or [""])[-1]

    chosen = dict.fromkeys(
        (facet, value)
        for facet in BY_NAME
        for value in query.get(facet, ())
        if value in options[facet]
    )
    compared = dict.fromkeys(id for id in query.get("m", ()) if id in models)
    sort, view, page = last("sort"), last("view"), last("page")
    return Choice(
        text=" ".join(last("q").split())[:_CHARACTERS_MAX].rstrip(),
        chosen=tuple(chosen)[:_VALUES_MAX],
        sort=sort if sort in SORTS else DEFAULT_SORT,
        view=view if view in VIEWS else VIEWS[0],
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 6 else 1,
        compared=tuple(compared)[:COMPARED_MAX],
    )
