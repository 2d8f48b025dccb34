"""The documentation for people: pages, their Markdown, and search."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from documentation import library, outline
from documentation.addresses import filled_in, filled_in_text, page_address
from documentation.library import Page
from documentation.outline import INDEX
from documentation.search import CHARACTERS_MAX, search
from ui.site_address import base_url

Link = dict[str, str]

_QUICK_MAX = 5


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _shown(request, _page(INDEX))


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    return redirect("docs", permanent=True) if slug == INDEX else _shown(request, _page(slug))


@require_safe
def markdown(request: HttpRequest, slug: str) -> HttpResponse:
    """The page as its file has it, with the address of this instance."""
    text = filled_in_text(_page(slug).text, base_url(request))
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@require_safe
@vary_on_headers("HX-Request")
def find(request: HttpRequest) -> HttpResponse:
    """/docs/search?q=; its results alone for htmx."""
    asked = _asked(request)
    context = {"asked": asked, "found": search(asked)}
    is_fragment = getattr(request, "htmx", False)
    return render(request, "docs/_results.html" if is_fragment else "docs/search.html", context)


@require_safe
def quick(request: HttpRequest) -> HttpResponse:
    """/docs/quick?q=: the best sections as links, for the search of the top bar (Ctrl K)."""
    return render(request, "docs/_quick.html", {"found": search(_asked(request))[:_QUICK_MAX]})


def _asked(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:CHARACTERS_MAX]


def _page(slug: str) -> Page:
    found = library.page(slug)
    if found is None:
        raise Http404
    return found


def _shown(request: HttpRequest, shown: Page) -> HttpResponse:
    before, after = outline.neighbours(shown.slug)
    context = {
        "page": shown,
        "html": mark_safe(filled_in(shown.html, base_url(request))),
        "crumbs": _crumbs(shown),
        "before": _link(before),
        "after": _link(after),
    }
    return render(request, "docs/page.html", context)


def _crumbs(shown: Page) -> list[Link]:
    """Documentation, the group by its first page, the page."""
    here = {"label": shown.title, "href": ""}
    if shown.slug == INDEX:
        return []
    group = outline.group_of(shown.slug)
    first = group.entries[0].slug
    above = [{"label": "Docs", "href": page_address(INDEX)}]
    if first not in {INDEX, shown.slug}:
        above.append({"label": group.label, "href": page_address(first)})
    return [*above, here]


def _link(slug: str | None) -> Link | None:
    found = library.page(slug) if slug else None
    return None if found is None else {"label": found.title, "href": page_address(found.slug)}
