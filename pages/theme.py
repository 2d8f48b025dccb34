"""Light, dark, or as the system says: kept in a cookie, so that the server writes it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from ui.context import THEME_COOKIE, THEMES

_YEAR_S = 365 * 86_400


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """From the button of the top bar: back to where it was pressed, or nothing for a script."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return HttpResponseBadRequest(f"theme must be one of {', '.join(THEMES)}")
    response = HttpResponse(status=204) if "script" in request.POST else _back(request)
    response.set_cookie(
        THEME_COOKIE, theme, max_age=_YEAR_S, samesite="Lax", httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def _back(request: HttpRequest) -> HttpResponse:
    address = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(address if is_ours else "/")
