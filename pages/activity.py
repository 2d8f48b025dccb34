"""Activity: what the account's requests came to, and each of them (design: Activity)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import time_zones
from accounts.models import ApiKey
from accounts.signed_in import user_of
from activity import detail, export, requests
from activity.dimensions import DIMENSIONS
from activity.overview import overview
from activity.reading import Reading
from activity.scope import Scope
from activity.series import METRICS, series
from openrouter_site.streaming import streamed
from pages import activity_chart, activity_choices, activity_query, activity_waterfall
from pages.activity_query import Asked
from ui.addresses import changed, links

_ROWS = 25
_PLACE = {"after": None, "before": None}
_FILTERS = ("model", "provider", "app", "status", "streamed", "own", "cost")


@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """The cards, the chart with its table, and the newest requests; all state is in the address."""
    if found := request.GET.get("id", "").strip()[:64]:
        return redirect("pages:request", found)
    user = user_of(request)
    zone = time_zones.zone(user.time_zone)
    asked = activity_query.read(request.GET, timezone.now(), zone)
    keys = list(ApiKey.objects.filter(user=user).order_by("name", "pk"))
    key_id = asked.requests.key_id
    reading = Reading.of(Scope(user.pk, None if key_id is None else frozenset({key_id})))
    lines = series(reading, asked.period, asked.metric, asked.dimension)
    page = requests.page(
        reading.scope, asked.requests, after=asked.after, before=asked.before, size=_ROWS
    )
    context = {
        "asked": asked,
        "zone": zone.key,
        "key": next((key for key in keys if key.pk == key_id), None),
        "cards": overview(reading, asked.period),
        "chart": activity_chart.draw(lines, zone),
        "page": page,
        "choices": activity_choices.offered(reading, asked, keys),
        **_addresses(request, asked, page),
    }
    with timezone.override(zone):
        return render(request, "account/activity.html", context)


def _addresses(request: HttpRequest, asked: Asked, page: requests.Page) -> dict[str, Any]:
    """Where the links of the page lead: to itself, with a part of the address changed."""
    names = activity_chart.NAMES
    ranges = [(name, name) for name in activity_query.RANGES]
    return {
        "range_links": links(request, "range", ranges, **_PLACE, **{"from": None, "to": None}),
        "metric_links": links(request, "metric", [(name, names[name]) for name in METRICS]),
        "dimension_links": links(request, "by", [(name, name.title()) for name in DIMENSIONS]),
        "csv_address": reverse("pages:activity-csv") + changed(request, **_PLACE),
        "older_address": changed(request, after=page.older, before=None) + "#requests",
        "newer_address": changed(request, before=page.newer, after=None) + "#requests",
        "unfiltered_address": changed(request, **_PLACE, **dict.fromkeys(_FILTERS)),
    }


@login_required
@require_safe
def one_request(request: HttpRequest, generation_id: str) -> HttpResponse:
    """Everything that is known of one request. Another's is not found."""
    user = user_of(request)
    found = detail.find(Scope(user.pk), generation_id)
    if found is None:
        raise Http404("no such request")
    zone = time_zones.zone(user.time_zone)
    context = {
        "detail": found,
        "bars": activity_waterfall.bars(found),
        "zone": zone.key,
        "crumbs": [
            {"label": "Activity", "href": reverse("pages:activity")},
            {"label": "Request"},
        ],
    }
    with timezone.override(zone):
        return render(request, "account/request.html", context)


@login_required
@require_safe
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The requests that the page's address shows, all of them."""
    user = user_of(request)
    zone = time_zones.zone(user.time_zone)
    asked = activity_query.read(request.GET, timezone.now(), zone)
    name = f"activity-{asked.period.begin.astimezone(zone):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        streamed(export.pieces(Scope(user.pk), asked.requests, zone)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
