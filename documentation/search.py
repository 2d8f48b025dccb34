"""Search over headings and text. All is in memory and small, so each question reads it all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from documentation import library
from documentation.addresses import page_address
from documentation.library import Section
from documentation.reference.entries import entries

CHARACTERS_MAX = 100
_WORDS_MAX, _FOUND_MAX = 8, 20
_EXCERPT, _BEFORE = 180, 60
_IN_TITLE, _IN_HEADING, _COUNTED_MAX = 6, 10, 4


@dataclass(frozen=True, slots=True)
class Found:
    """A section; `heading` and `excerpt` have <mark> around what was asked for."""

    address: str
    page: str
    heading: SafeString
    excerpt: SafeString


def words_of(asked: str) -> list[str]:
    """Each once, at most eight; what is longer than a question is no question."""
    return list(dict.fromkeys(asked[:CHARACTERS_MAX].casefold().split()))[:_WORDS_MAX]


def search(asked: str) -> list[Found]:
    """Sections that have every word somewhere, those first that have them in their headings."""
    words = words_of(asked)
    if not words:
        return []
    scored = ((_score(place, words), place) for place in _places())
    best = sorted((each for each in scored if each[0]), key=lambda each: -each[0])
    return [_found(place, words) for _, place in best[:_FOUND_MAX]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A section, and the page it is on."""

    address: str
    title: str
    section: Section


def _places() -> Iterator[_Place]:
    """The sections of all pages, then the calls of the reference."""
    for page in library.pages():
        for section in page.sections:
            yield _Place(page_address(page.slug, section.anchor), page.title, section)
    for entry in entries():
        for each in (entry, *entry.parts):
            yield _Place(each.address, entry.title, Section(each.title, "", each.says, ""))


def _score(place: _Place, words: Iterable[str]) -> int:
    """0 when a word is nowhere."""
    title, section = place.title.casefold(), place.section
    heading = section.heading.casefold()
    text = f"{section.text} {section.code}".casefold()
    total = 0
    for word in words:
        if word not in heading and word not in text:
            return 0
        total += _IN_TITLE * (word in title) + _IN_HEADING * (word in heading)
        total += min(_COUNTED_MAX, text.count(word))
    return total


def _found(place: _Place, words: list[str]) -> Found:
    return Found(
        place.address,
        place.title,
        _with_marks(place.section.heading, words),
        _with_marks(_excerpt(place.section, words), words),
    )


def _excerpt(section: Section, words: list[str]) -> str:
    """Some words around the first that was asked for; of an example only where no sentence has one.

    Casefolding may change lengths, but not here: the pages are in English.
    """
    in_words = any(word in section.text.casefold() for word in words)
    text = section.text if in_words or not section.code else section.code
    folded = text.casefold()
    places = [place for word in words if (place := folded.find(word)) >= 0]
    start = max(0, min(places, default=0) - _BEFORE)
    if start:
        # Not in the middle of a word.
        start = text.find(" ", start) + 1
    cut = text[start : start + _EXCERPT]
    if start + _EXCERPT < len(text):
        cut = cut.rpartition(" ")[0] + " …"
    return f"… {cut}" if start else cut


def _with_marks(text: str, words: list[str]) -> SafeString:
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    written, end = [], 0
    for match in pattern.finditer(text):
        written += [escape(text[end : match.start()]), f"<mark>{escape(match[0])}</mark>"]
        end = match.end()
    return mark_safe("".join([*written, escape(text[end:])]))
