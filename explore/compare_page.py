"""/models/compare?m=a&m=b: two to four models beside each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog import live
from explore.comparison import compare as compared
from explore.comparison import different
from explore.listing.choice import COMPARED_MAX, Choice
from explore.token_mix import token_mix
from explore.visitors import user_of
from ui.addresses import changed

MODELS_MIN = 2


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """What is not in the catalog is said, and more than COMPARED_MAX are left out."""
    known = live.catalog().models
    asked = list(dict.fromkeys(id for id in request.GET.getlist("m") if id))
    ids = [id for id in asked if id in known][:COMPARED_MAX]
    choice = Choice(compared=tuple(ids))
    context: dict[str, Any] = {
        "models": [known[id] for id in ids],
        "columns": [(known[id], _without(choice, id)) for id in ids],
        "unknown": [id[:_ID_CHARACTERS_MAX] for id in asked if id not in known][:COMPARED_MAX],
        "choose": reverse("models") + choice.query,
        "can_add": len(ids) < COMPARED_MAX,
        "crumbs": [{"label": "Models", "href": reverse("models")}, {"label": "Compare"}],
    }
    if len(ids) >= MODELS_MIN:
        mix = token_mix(user_of(request))
        sections = compared(context["models"], mix)
        only_different = request.GET.get("show") == "different"
        context |= {
            "mix": mix,
            "sections": different(sections) if only_different else sections,
            "shown": "different" if only_different else "all",
            "shows": [
                {"value": "all", "label": "All", "href": changed(request, show=None)},
                {"value": "different", "label": "Differences",
                 "href": changed(request, show="different")},
            ],
        }  # fmt: skip
    return render(request, "explore/compare.html", context)


_ID_CHARACTERS_MAX = 100


def _without(choice: Choice, id: str) -> str:
    rest = replace(choice, compared=tuple(each for each in choice.compared if each != id))
    return reverse("compare") + rest.query
