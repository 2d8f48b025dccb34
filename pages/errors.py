"""Error pages. When even the page of an error fails, a bare one is sent that needs nothing: no
database, no session, no style sheet."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from ui.context import theme

logger = logging.getLogger(__name__)

_WORDS = {
    400: ("Bad request", "Check the address and try again."),
    403: ("Not allowed", "Your account may not see this page."),
    404: ("Page not found", "There is nothing at this address."),
    429: ("Too many requests", "Wait a moment, then try again."),
    500: ("Something failed here", "It is logged. Try again in a moment."),
    503: ("Not available right now", "The server cannot do this at the moment. Try again soon."),
}
# Where the rest of a page is likely to fail too.
_BARE = {500, 503}


def page(
    request: HttpRequest, code: int, *, advice: str = "", request_id: str = ""
) -> HttpResponse:
    title, usual_advice = _WORDS[code]
    context = {
        "code": code,
        "title": title,
        "advice": advice or usual_advice,
        "request_id": request_id,
    }
    if code not in _BARE:
        try:
            html = render_to_string("errors/page.html", context, request)
            return HttpResponse(html, status=code, headers={"Cache-Control": "no-store"})
        except Exception:
            logger.exception("The page of a %s failed; a bare one is sent", code)
    return _bare(request, code, context)


def _bare(request: HttpRequest, code: int, context: dict[str, object]) -> HttpResponse:
    nonce = secrets.token_urlsafe(16)
    known = {"nonce": nonce, "site_name": settings.SITE_NAME, "theme": theme(request)}
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return HttpResponse(
        render_to_string("errors/bare.html", context | known),
        status=code,
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
    )
