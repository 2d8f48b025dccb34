"""The start page: what this is, where it is, and snippets that work here."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import setup
from catalog import live
from catalog.snapshot import EMPTY, Catalog
from pages import checklist, examples, figures
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


def _from_rows(request: HttpRequest, catalog: Catalog) -> dict[str, Any]:
    """The checklist of a fresh instance, for whoever may be its operator, else the traffic; and the
    model of the examples. During an outage there is only the last."""
    try:
        user = Visitor(request).user
        example = {"model": examples.chosen(catalog, user).model}
        if checklist.is_fresh() and (user is None or user.is_staff):
            return example | _checklist(catalog) | {"is_unoperated": setup.is_needed()}
        return example | {"traffic": figures.traffic(user)}
    except DatabaseError:
        logger.warning("The figures cannot be read", exc_info=True)
        return {"model": settings.DEFAULT_MODEL}


def _checklist(catalog: Catalog) -> dict[str, Any]:
    steps = checklist.steps(catalog)
    return {"steps": steps, "done": sum(step.is_done for step in steps)}


def _followed(request: HttpRequest, catalog: Catalog) -> HttpResponse:
    """The checklist when it is not as it was: what has the focus should not go away for nothing."""
    context = _checklist(catalog)
    if request.GET["done"] == str(context["done"]):
        return HttpResponse(status=204)
    return render(request, "_checklist.html", context)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    catalog, address = _catalog(), base_url(request)
    if "done" in request.GET:
        return _followed(request, catalog)
    found = _from_rows(request, catalog)
    context = {
        "base_url": address,
        "snippets": snippets.chat(address, found["model"]),
        "counted": _counted(catalog),
        "names": {id: model.name for id, model in catalog.models.items()},
        **found,
    }
    return render(request, "landing.html", context)
