"""What the reference has, for the navigation and the search of the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse

from documentation.reference.pages import pages


@dataclass(frozen=True, slots=True)
class Entry:
    """A page, or, in `parts`, a section of it. `says` is one or two sentences in plain text."""

    title: str
    address: str
    says: str = ""
    parts: tuple[Entry, ...] = ()


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """The overview, and then the page of each group with its calls."""
    overview = Entry("API reference", reverse("reference"), "Every call, its schemas and errors.")
    groups = (
        Entry(
            page.title,
            page.address,
            page.says,
            tuple(
                Entry(
                    f"{call.method} {call.path}",
                    f"{page.address}#{call.id}",
                    f"{call.title}. {call.says}",
                )
                for call in page.calls
            ),
        )
        for page in pages().values()
    )
    return (overview, *groups)
