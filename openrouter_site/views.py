"""What belongs to no app: the two health checks, and who answers an error: JSON or a page."""

from __future__ import annotations

import logging
import secrets

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from api import cors
from api.views import answer_error
from catalog import live
from openrouter_site.errors import ApiError, BadRequest, Forbidden, InternalError, NotFound
from pages import errors

logger = logging.getLogger(__name__)

_FORM_TYPES = {"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
_JSON_STATUS = {"Cache-Control": "no-store"}


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
    if not live.peek().models and (reasons or not _has_models()):
        reasons["catalog"] = "has no models; load it with manage.py load_catalog"
    return reasons


def _has_models() -> bool:
    try:
        return bool(live.catalog().models)
    except DatabaseError:
        logger.warning("The catalog cannot be read", exc_info=True)
        return False


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, else 503 `{"status": "unavailable", "reasons": {}}`."""
    if reasons := _unready():
        body = {"status": "unavailable", "reasons": reasons}
        return JsonResponse(body, status=503, headers=_JSON_STATUS)
    return JsonResponse({"status": "ok"}, headers=_JSON_STATUS)


# --- Errors ------------------------------------------------------------------------------------


def _answer(request: HttpRequest, error: ApiError, advice: str = "") -> HttpResponse:
    """JSON under /api/, else a page."""
    if cors.covers(request.path_info):
        return answer_error(error)
    request_id = str((error.metadata or {}).get("request_id", ""))
    return errors.page(request, error.code, advice=advice, request_id=request_id)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a foreign Host, too many fields, and the like."""
    return _answer(request, BadRequest("Bad request"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return _answer(request, Forbidden("Forbidden"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: cookies are off, or the page was open for very long. What no form
    can have sent was sent by a script, which reads JSON."""
    if request.content_type not in _FORM_TYPES:
        return answer_error(Forbidden("The CSRF token is missing or wrong: load the page anew."))
    advice = "The form has expired, or cookies are off. Go back, load the page anew and try again."
    return _answer(request, Forbidden("The CSRF token is missing or wrong"), advice)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return _answer(request, NotFound("Not Found"))


@csrf_exempt
def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Django has logged the traceback; this line gives it the id people will quote."""
    error = InternalError(f"req-{secrets.token_hex(12)}")
    request_id = (error.metadata or {})["request_id"]
    logger.error("%s: %s %s failed", request_id, request.method, request.path)
    return _answer(request, error)
