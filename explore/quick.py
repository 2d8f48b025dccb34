"""What the search of the top bar finds among the models (Ctrl K)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from explore.listing.choice import read
from explore.listing.current import current
from explore.listing.ordering import ordered
from explore.visitors import user_of
from rankings.access import sees_rankings

_FOUND_MAX = 6


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """/models/quick?q=: the most used that have all words, as links."""
    now = current()
    if not sees_rankings(user_of(request)):
        now = now.without_usage()
    choice = read({"q": request.GET.getlist("q")}, now.index.labels, now.catalog.models)
    found = ordered(now.index.found(now.index.matching(choice)), choice.sort, now.measured)
    context = {"models": [each.lead for each in found[:_FOUND_MAX]]}
    return render(request, "explore/_quick.html", context)
