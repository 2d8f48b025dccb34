"""The pages of the documentation, read and rendered once for each process and state of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings
from markdown_it.token import Token

from documentation import markdown
from documentation.addresses import marked, unmarked
from documentation.markdown import Heading
from documentation.outline import SLUGS

FOLDER = Path(settings.BASE_DIR) / "docs"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it, up to the next one: words in `text`, examples in `code`.
    `anchor` is "" for the page's top."""

    heading: str
    anchor: str
    text: str
    code: str


class Page:
    """One file. Everything but the title is made when it is first wanted."""

    def __init__(self, slug: str, text: str) -> None:
        self.slug = slug
        self.text = text
        self._tokens = markdown.parse(marked(text))
        self._headings = markdown.headings(self._tokens)
        first = next(iter(self._headings.values()))
        self.title = first.text

    @cached_property
    def html(self) -> str:
        """With marks where the instance's address belongs (documentation.addresses)."""
        return markdown.html(self._tokens, self._headings)

    @property
    def contents(self) -> list[Heading]:
        """What stands beside the page."""
        return [heading for heading in self._headings.values() if heading.level in {2, 3}]

    @property
    def anchors(self) -> frozenset[str]:
        return frozenset(heading.anchor for heading in self._headings.values())

    @cached_property
    def description(self) -> str:
        """The first paragraph, on one line."""
        for index, token in enumerate(self._tokens):
            if token.type == "paragraph_open":
                return unmarked(" ".join(markdown.plain(self._tokens[index + 1]).split()))
        return ""

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """For the search."""
        starts = [*self._headings, len(self._tokens)]
        return tuple(
            _section(heading, self._tokens[start + 3 : end])
            for (start, heading), end in zip(self._headings.items(), starts[1:], strict=True)
        )


def _section(heading: Heading, tokens: Sequence[Token]) -> Section:
    anchor = heading.anchor if heading.level > 1 else ""
    return Section(heading.text, anchor, _line(_words(tokens)), _line(_examples(tokens)))


def _line(texts: Iterable[str]) -> str:
    return unmarked(" ".join(" ".join(texts).split()))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield markdown.plain(token)
        elif token.type == "callout":
            yield from _words(token.children or [])


def _examples(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        fences = token.meta["fences"] if token.type == "code_tabs" else [token]
        yield from (fence.content for fence in fences if fence.type == "fence")


def page(slug: str) -> Page | None:
    """The page, or None where there is no such page; raises OSError when its file is missing."""
    if slug not in SLUGS:
        return None
    path = FOLDER / f"{slug}.md"
    return _page(slug, path.stat().st_mtime_ns)


def pages() -> list[Page]:
    """All of them in reading order."""
    found = (page(slug) for slug in SLUGS)
    return [each for each in found if each is not None]


@lru_cache(maxsize=2 * len(SLUGS))
def _page(slug: str, modified_ns: int) -> Page:
    return Page(slug, (FOLDER / f"{slug}.md").read_text(encoding="utf-8"))
