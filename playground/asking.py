"""How the page asks and is answered: JSON both ways, errors in the API's shape, never a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import UnreadablePostError

from accounts.models import User
from openrouter_site.errors import (
    ApiError,
    BadRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    Unauthorized,
)

BODY_BYTES_MAX = 256 * 1024
_JSON = "application/json"

View = Callable[..., HttpResponseBase]


def answered(
    document: Any, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    content = orjson.dumps(document)
    return HttpResponse(content, status=status, content_type=_JSON, headers=headers)


def for_the_page(*methods: str) -> Callable[[View], View]:
    """A view `(request, user, ...)` for whoever is signed in; what it raises becomes JSON."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **named: Any) -> HttpResponseBase:
            try:
                _check_method(request, methods)
                answer = view(request, _signed_in(request), **named)
            except ApiError as error:
                answer = answered(error.body(), error.code, error.headers())
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        return wrapped

    return decorate


def _check_method(request: HttpRequest, methods: tuple[str, ...]) -> None:
    if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
        raise MethodNotAllowed(methods)


def _signed_in(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise Unauthorized("Sign in first, then try again.")
    return user


def body_bytes(request: HttpRequest, bytes_max: int) -> bytes:
    """Raises PayloadTooLarge; a body that breaks off is a bad request."""
    too_large = PayloadTooLarge(f"The body must be at most {bytes_max:,} bytes.")
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if length.isdecimal() and (len(length) > 12 or int(length) > bytes_max):
        raise too_large
    try:
        body = request.read(bytes_max + 1)
    except UnreadablePostError:
        raise BadRequest("The body ended early.") from None
    if len(body) > bytes_max:
        raise too_large
    return body


def asked(request: HttpRequest, *fields: str) -> dict[str, Any]:
    """The body, an object with some of these fields; raises BadRequest."""
    if request.content_type != _JSON:
        raise BadRequest("Send JSON, with Content-Type: application/json.")
    try:
        found = orjson.loads(body_bytes(request, BODY_BYTES_MAX) or b"{}")
    except orjson.JSONDecodeError:
        raise BadRequest("The body is not valid JSON.") from None
    if type(found) is not dict:
        raise BadRequest("The body must be a JSON object.")
    if unknown := sorted(found.keys() - set(fields)):
        raise BadRequest(f"Unknown field: {unknown[0][:100]}", {"field": unknown[0][:100]})
    return found
