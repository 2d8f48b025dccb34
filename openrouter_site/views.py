"""What belongs to no app: the landing page, the two health checks, and the error pages."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from api import cors
from api.views import answer_error
from catalog import live
from catalog.snapshot import EMPTY, Catalog
from openrouter_site.errors import ApiError, BadRequest, InternalError, NotFound

logger = logging.getLogger(__name__)

_JSON_STATUS = {"Cache-Control": "no-store"}


def _policy(nonce: str) -> str:
    """A page may show itself and its one style element; it loads and runs nothing else."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _base_url(request: HttpRequest) -> str:
    """Where this instance is reached: SITE_URL in production, else as the visitor reached it.

    Without PRODUCTION any Host is allowed, and SITE_URL is often left at its default while people
    come by another name.
    """
    if settings.PRODUCTION:
        return settings.SITE_URL
    return request.build_absolute_uri("/").rstrip("/")


def _catalog() -> Catalog:
    """The catalog, or an empty one: the landing page also works before there is a database."""
    try:
        return live.catalog()
    except DatabaseError:
        logger.warning("The catalog cannot be read", exc_info=True)
        return EMPTY


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, where it is, and snippets that work here."""
    catalog = _catalog()
    nonce = secrets.token_urlsafe(16)
    context = {
        "site_name": settings.SITE_NAME,
        "base_url": _base_url(request),
        "default_model": settings.DEFAULT_MODEL,
        "models": len(catalog.models),
        "providers": len(catalog.providers),
        "endpoints": sum(len(model.endpoints) for model in catalog.models.values()),
        "free_models": sum(1 for id in catalog.models if id.endswith(":free")),
        "nonce": nonce,
    }
    response = render(request, "landing.html", context)
    response["Content-Security-Policy"] = _policy(nonce)
    return response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Always 200, and asks nobody: a database outage must not restart us."""
    return HttpResponse("ok", content_type="text/plain", headers=_JSON_STATUS)


def _unready() -> dict[str, str]:
    """What keeps us from serving, by part; empty when nothing does. Says nothing of addresses."""
    reasons: dict[str, str] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("Not ready: the database does not answer", exc_info=True)
        reasons["database"] = "does not answer"
    # What is in memory serves during an outage too; only an empty one is worth a look.
    if not live.peek().models and (reasons or not _catalog().models):
        reasons["catalog"] = "has no models; load it with manage.py load_catalog"
    return reasons


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, else 503 `{"status": "unavailable", "reasons": {}}`."""
    if reasons := _unready():
        body = {"status": "unavailable", "reasons": reasons}
        return JsonResponse(body, status=503, headers=_JSON_STATUS)
    return JsonResponse({"status": "ok"}, headers=_JSON_STATUS)


# --- Error pages -------------------------------------------------------------------------------


def _answer(request: HttpRequest, error: ApiError, title: str, advice: str) -> HttpResponse:
    """JSON under /api/, else a page. The page needs neither a session nor the database."""
    if cors.covers(request.path_info):
        return answer_error(error)
    nonce = secrets.token_urlsafe(16)
    context = {
        "code": error.code,
        "title": title,
        "advice": advice,
        "request_id": (error.metadata or {}).get("request_id"),
        "site_name": settings.SITE_NAME,
        "nonce": nonce,
    }
    return HttpResponse(
        render_to_string("error.html", context),
        status=error.code,
        headers={"Content-Security-Policy": _policy(nonce), "Cache-Control": "no-store"},
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a foreign Host, too many fields, and the like."""
    return _answer(
        request, BadRequest("Bad request"), "Bad request", "Check the address and try again."
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return _answer(
        request, NotFound("Not Found"), "Page not found", "There is nothing at this address."
    )


@csrf_exempt
def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Django has logged the traceback; this line gives it the id people will quote."""
    error = InternalError(f"req-{secrets.token_hex(12)}")
    request_id = (error.metadata or {})["request_id"]
    logger.error("%s: %s %s failed", request_id, request.method, request.path)
    return _answer(request, error, "Something failed here", "It is logged. Try again in a moment.")
