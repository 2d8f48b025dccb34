"""The menu of the documentation, for whichever page is shown beside it."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context

from documentation.addresses import page_address
from documentation.outline import GROUPS
from documentation.reference.entries import entries

register = template.Library()

# The pages made from the API's description follow those about requests and routing.
_REFERENCE_AFTER, _REFERENCE = "Apps", "API reference"
_OVERVIEW = "Overview"


@register.inclusion_tag("docs/_menu.html", takes_context=True)
def docs_menu(context: Context) -> dict[str, Any]:
    """Groups of links; the visitor's page is marked."""
    request: HttpRequest | None = context.get("request")
    path = request.path if request is not None else ""
    groups = []
    for group in GROUPS:
        pages = [(entry.label, page_address(entry.slug)) for entry in group.entries]
        groups.append(_group(group.label, pages, path))
        if group.label == _REFERENCE_AFTER:
            overview, *others = entries()
            reference = [(_OVERVIEW, overview.address), *((e.title, e.address) for e in others)]
            groups.append(_group(_REFERENCE, reference, path))
    return {"groups": groups}


def _group(label: str, pages: list[tuple[str, str]], path: str) -> dict[str, Any]:
    links = [{"label": name, "href": href, "is_current": href == path} for name, href in pages]
    return {"label": label, "links": links}
