"""Pages of which htmx may ask for a part."""

from __future__ import annotations

from django.http import HttpRequest


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks to put the answer into a page; not when it wants the page back, to go back
    in its history. Such views say `Vary: HX-Request`."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request
