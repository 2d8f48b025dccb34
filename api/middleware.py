"""What every answer under /api/ has in common. Outermost, so that errors have it too."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from api import cors

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def api_headers(get_response: GetResponse) -> GetResponse:
    """Preflights are answered here; all other answers get the CORS headers.

    An answer that says nothing of caching is private: most of them tell of one account.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        if not cors.covers(request.path_info):
            return get_response(request)
        if request.method == "OPTIONS":
            preflight = HttpResponse(status=204, headers=cors.PREFLIGHT_HEADERS)
            del preflight["Content-Type"]
            return preflight
        response = get_response(request)
        for name, value in cors.RESPONSE_HEADERS.items():
            response[name] = value
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return respond
