"""Addresses in the documentation: of its pages, and of the instance it is read on.

A page says `http://localhost:8000` where readers write the address of their server, so that it can
be read anywhere. Here it is replaced by the address the reader came by. Between the two stands one
character that no highlighter cuts and no page contains.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.html import escape

from documentation.outline import INDEX

WRITTEN = "http://localhost:8000"
_MARK = "\ue000"


def page_address(slug: str, anchor: str = "") -> str:
    """/docs for the overview, /docs/routing for the others."""
    path = reverse("docs") if slug == INDEX else reverse("docs-page", args=[slug])
    return f"{path}#{anchor}" if anchor else path


def site_address(href: str) -> str:
    """A link between files (`limits.md#windows`) as one between pages; any other as it is."""
    parts = urlsplit(href)
    if parts.scheme or "/" in parts.path or not parts.path.endswith(".md"):
        return href
    return page_address(parts.path.removesuffix(".md"), parts.fragment)


def marked(text: str) -> str:
    """Markdown with the mark where the instance's address belongs; once for all readers."""
    return text.replace(WRITTEN, _MARK)


def unmarked(text: str) -> str:
    """The address as it is written in the file."""
    return text.replace(_MARK, WRITTEN)


def filled_in(html: str, base_url: str) -> str:
    """HTML for one reader."""
    return html.replace(_MARK, escape(base_url))


def filled_in_text(text: str, base_url: str) -> str:
    """Markdown for one reader."""
    return text.replace(WRITTEN, base_url)
