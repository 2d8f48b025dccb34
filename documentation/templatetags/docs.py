"""The menu of the documentation, for whichever page is shown beside it."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

from documentation.addresses import page_address
from documentation.outline import GROUPS

register = template.Library()

# The pages made from the API's description stand with the requests they describe.
_REFERENCE_IN, _REFERENCE = "Start", ("reference", "API reference")


@register.inclusion_tag("docs/_menu.html", takes_context=True)
def docs_menu(context: Context) -> dict[str, Any]:
    """Groups of links; the visitor's page is marked."""
    request: HttpRequest | None = context.get("request")
    path = request.path if request is not None else ""
    groups = []
    for group in GROUPS:
        entries = [(entry.label, page_address(entry.slug)) for entry in group.entries]
        if group.label == _REFERENCE_IN:
            entries += _reference()
        links = [
            {"label": label, "href": href, "is_current": href == path} for label, href in entries
        ]
        groups.append({"label": group.label, "links": links})
    return {"groups": groups, "asked": context.get("asked", "")}


def _reference() -> list[tuple[str, str]]:
    name, label = _REFERENCE
    try:
        return [(label, reverse(name))]
    except NoReverseMatch:
        return []
