"""The start page: what this is, where it is, and snippets that work here."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from catalog import live
from catalog.snapshot import EMPTY, Catalog
from pages import checklist, figures
from pages.context import Visitor
from ui import snippets
from ui.site_address import base_url

logger = logging.getLogger(__name__)


def _catalog() -> Catalog:
    """The catalog, or an empty one: the page also works before there is a database."""
    try:
        return live.catalog()
    except DatabaseError:
        logger.warning("The catalog cannot be read", exc_info=True)
        return EMPTY


def _counted(catalog: Catalog) -> list[tuple[str, int]]:
    """What there is, by name; nothing while there are no models."""
    if not catalog.models:
        return []
    return [
        ("models", len(catalog.models)),
        ("of them free", sum(1 for id in catalog.models if id.endswith(":free"))),
        ("providers", len(catalog.providers)),
        ("priced endpoints", sum(len(model.endpoints) for model in catalog.models.values())),
    ]


def _from_rows(catalog: Catalog, user: User | None) -> dict[str, Any]:
    """The checklist of a fresh instance, else the traffic; neither during an outage."""
    try:
        if checklist.is_fresh():
            return {"steps": checklist.steps(catalog)}
        return {"traffic": figures.traffic(user)}
    except DatabaseError:
        logger.warning("The figures cannot be read", exc_info=True)
        return {}


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    catalog, address = _catalog(), base_url(request)
    context = {
        "base_url": address,
        "snippets": snippets.chat(address, settings.DEFAULT_MODEL),
        "counted": _counted(catalog),
        "names": {id: model.name for id, model in catalog.models.items()},
        **_from_rows(catalog, Visitor(request).user),
    }
    return render(request, "landing.html", context)
