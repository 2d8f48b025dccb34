"""What search engines read: /robots.txt and /sitemap.xml."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from catalog import live
from catalog.snapshot import Catalog
from ui.site_address import base_url

# What the sitemap format allows in one file.
ADDRESSES_MAX = 50_000
_AGE_S = 3600
_PAGES = ("models", "providers", "rankings", "docs")
# What is somebody's own, what changes something, and the endless combinations of filters.
_CLOSED = (
    "/api/", "/accounts/", "/activity", "/admin/", "/auth", "/invitations/", "/models?",
    "/models/compare", "/operator", "/payments", "/settings",
)  # fmt: skip


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in _CLOSED),
        "",
        f"Sitemap: {base_url(request)}{reverse('sitemap')}",
        "",
    ]
    return HttpResponse(
        "\n".join(lines),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": f"max-age={_AGE_S}"},
    )


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    home = base_url(request)
    places = [home + path for path in _paths(live.catalog())][:ADDRESSES_MAX]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *(f"<url><loc>{escape(place)}</loc></url>" for place in places),
        "</urlset>",
        "",
    ]
    return HttpResponse(
        "\n".join(lines),
        content_type="application/xml; charset=utf-8",
        headers={"Cache-Control": f"max-age={_AGE_S}"},
    )


def _paths(catalog: Catalog) -> Iterator[str]:
    yield "/"
    for name in _PAGES:
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue  # this installation has no such page yet
    for id in catalog.models:
        yield reverse("model", args=id.split("/", 1))
    for slug in catalog.providers:
        yield reverse("provider", args=[slug])
