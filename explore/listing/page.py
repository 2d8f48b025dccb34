"""/models: the list of models. All that is chosen is in its address."""

from __future__ import annotations

from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from explore.listing import rows
from explore.listing.choice import Choice, read
from explore.listing.current import Current, current
from explore.listing.index import ways_out
from explore.listing.ordering import SORTS, Found, ordered
from explore.listing.price_speed import price_speed
from explore.visitors import user_of
from rankings.access import sees_rankings
from ui.fragments import wants_fragment

Context = dict[str, Any]

ROWS = 50
_VIEWS = (("table", "Table"), ("chart", "Price vs speed"))


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    now = current()
    if not sees_rankings(user_of(request)):
        now = now.without_usage()
    choice = read(dict(request.GET.lists()), now.index.labels, now.catalog.models)
    found = ordered(now.index.found(now.index.matching(choice)), choice.sort, now.measured)
    context = _context(now, choice, found)
    if wants_fragment(request):
        answer = render(request, "explore/_models.html", context)
        push_url(answer, _new_address(request, reverse("models") + choice.query))
    else:
        answer = render(request, "explore/models.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _new_address(request: HttpRequest, address: str) -> str | Literal[False]:
    """The form sends its empty fields too; the address does without. Where one is already, one does
    not go once more: the way back would have a step that does nothing."""
    htmx = getattr(request, "htmx", None)
    here = getattr(htmx, "current_url_abs_path", None)
    return False if here == address else address


def _context(now: Current, choice: Choice, found: list[Found]) -> Context:
    context: Context = {
        "choice": choice,
        "total": len(now.index),
        "total_with_variants": len(now.catalog.models),
        "providers": sum(each.served_at is not None for each in now.catalog.providers.values()),
        "found": len(found),
        "filters": rows.filters(now, choice),
        "chips": rows.chips(now, choice),
        "cleared": choice.cleared().query,
        "sorts": [(name, sort.label) for name, sort in SORTS.items()],
        "views": _views(choice),
    }
    if not found:
        return context | {"ways": ways_out(now.index, choice)}
    if choice.view == "chart":
        return context | {"chart": price_speed(found, now.measured)}
    page = Paginator(found, ROWS).get_page(choice.page)
    shown = [rows.row(each, now, choice) for each in page]
    return context | {
        "page": page,
        "rows": shown,
        "hidden_compared": rows.hidden_compared(choice, shown),
        "compare_query": Choice(compared=choice.compared).query,
        "not_compared": rows.not_compared(choice),
        "heads": _heads(choice),
    }


def _views(choice: Choice) -> list[dict[str, str]]:
    here = reverse("models")
    return [
        {"value": view, "label": label, "href": here + choice.shown_as(view).query}
        for view, label in _VIEWS
    ]


def _heads(choice: Choice) -> dict[str, dict[str, str]]:
    """Heads of the table that sort: price both ways, all others in the order that one wants."""
    price = "price-high" if choice.sort == "price" else "price"
    direction = {"price": "ascending", "price-high": "descending"}.get(choice.sort, "")
    heads = {"price": {"query": choice.sorted_by(price).query, "direction": direction}}
    for name, order in (("context", "descending"), ("used", "descending")):
        heads[name] = {
            "query": choice.sorted_by(name).query or "?",
            "direction": order if choice.sort == name else "",
        }
    return heads
