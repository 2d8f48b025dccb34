"""/docs/api: the reference, rendered from the OpenAPI document."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from documentation.openapi.errors import MEANINGS
from documentation.reference.pages import base_url, pages

_ERROR_SHAPE = """\
{
  "error": {
    "code": 400,
    "message": "temperature must be a number from 0 to 2",
    "metadata": {"field": "temperature"}
  }
}"""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "pages": pages().values(), "base_url": base_url(),
        "meanings": MEANINGS.items(), "error_shape": _ERROR_SHAPE,
    }  # fmt: skip
    return render(request, "documentation/reference/index.html", context)


@require_safe
def group(request: HttpRequest, group: str) -> HttpResponse:
    page = pages().get(group)
    if page is None:
        raise Http404
    context = {
        "page": page,
        "calls": (_calls if settings.DEBUG else _kept_calls)(group),
    }  # fmt: skip
    return render(request, "documentation/reference/group.html", context)


def _calls(group: str) -> SafeString:
    """The sections of a page. They are the same for everybody, and long."""
    context = {"page": pages()[group]}
    return render_to_string("documentation/reference/_calls.html", context)


_kept_calls = lru_cache(maxsize=None)(_calls)
