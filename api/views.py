"""How the API beside inference answers (DRF), and what a key is told of itself: its generations,
its limits, its credits.

Every answer is JSON whatever the caller accepts, and every error has one shape (answer_exception).
What a key can see may be cached by its owner alone (api.middleware).
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    content_negotiation_class,
)
from rest_framework.exceptions import APIException
from rest_framework.exceptions import MethodNotAllowed as FrameworkMethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api import account_shapes
from api.access import manager_of_account, visible_generations
from api.authentication import KeyAuthentication, caller
from api.credits import account_credits, key_usage
from openrouter_site.database import OUTAGES
from openrouter_site.errors import (
    ApiError,
    BadRequest,
    InternalError,
    MethodNotAllowed,
    NotFound,
    Unavailable,
)
from openrouter_site.money import dollars

logger = logging.getLogger(__name__)

_GENERATION_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")

View = Callable[..., HttpResponseBase]


class AlwaysJson(BaseContentNegotiation):
    """`Accept` and `?format=` are ignored, as clients of OpenAI's API send anything there."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


def answers(
    methods: Sequence[str], *authentication: type[BaseAuthentication]
) -> Callable[[View], Any]:
    """A view for these methods that lets in whom `authentication` lets in; none: everybody."""

    def decorate(view: View) -> Any:
        view = content_negotiation_class(AlwaysJson)(view)
        view = authentication_classes(authentication)(view)
        decorated = api_view(list(methods))(view)
        # The framework keeps them in a set, so `Allow` would name them in any order.
        decorated.cls.http_method_names = [*(method.lower() for method in methods), "options"]
        return decorated

    return decorate


def answers_get(*authentication: type[BaseAuthentication]) -> Callable[[View], Any]:
    """The same for GET, and HEAD."""
    return answers(("GET", "HEAD"), *authentication)


# --- Errors ------------------------------------------------------------------------------------


def as_api_error(
    error: Exception, request: HttpRequest | Request, allowed: Sequence[str]
) -> ApiError:
    """Any exception as one of ours; what nobody foresaw is logged under the id it answers with."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, FrameworkMethodNotAllowed):
        return MethodNotAllowed(tuple(method for method in allowed if method != "OPTIONS"))
    if isinstance(error, Http404):
        return NotFound("Not Found")
    if isinstance(error, APIException) and error.status_code < 500:
        return BadRequest(str(error.detail))
    if isinstance(error, (OperationalError, InterfaceError, *OUTAGES)):
        logger.error("The database failed for %s %s", request.method, request.path, exc_info=error)
        return Unavailable("The database cannot be reached. Try again shortly.", retry_after_s=2)
    request_id = f"req-{secrets.token_hex(12)}"
    logger.error("%s: %s %s failed", request_id, request.method, request.path, exc_info=error)
    return InternalError(request_id)


def answer_exception(error: Exception, context: dict[str, Any]) -> Response:
    """REST_FRAMEWORK["EXCEPTION_HANDLER"]: the one error shape, for whatever was raised."""
    api_error = as_api_error(error, context["request"], context["view"].allowed_methods)
    return Response(api_error.body(), status=api_error.code, headers=api_error.headers())


def answer_error(error: ApiError) -> JsonResponse:
    """The same for Django's own views and handlers."""
    return JsonResponse(error.body(), status=error.code, headers=error.headers())


@csrf_exempt
def unknown_path(request: HttpRequest, rest: str = "") -> JsonResponse:
    """Whatever else is under /api/, with DEBUG too: 404 in our shape, by any method."""
    return answer_error(NotFound("Not Found"))


# --- The caller's own --------------------------------------------------------------------------


@answers_get(KeyAuthentication)
def generation(request: Request) -> Response:
    """`{"data": Generation}` of `?id=`; raises BadRequest, or NotFound.

    Another user's generation is not found, in the words used for one that never existed.
    """
    generation_id = request.query_params.get("id", "")
    if not generation_id:
        raise BadRequest("id is missing. Give the id of a generation: ?id=gen-...")
    row = None
    # What cannot be an id is not looked up: PostgreSQL refuses some characters with an error.
    if _GENERATION_ID.fullmatch(generation_id):
        row = visible_generations(caller(request)).filter(pk=generation_id).first()
    if row is None:
        raise NotFound(f"Generation {generation_id} not found")
    return Response({"data": account_shapes.generation_shape(row)})


@answers_get(KeyAuthentication)
def key(request: Request) -> Response:
    """`{"data": Key}`: the key that asks, its limit, usage and rate limit."""
    asking = caller(request)
    usage = key_usage(asking, timezone.now())
    return Response({"data": account_shapes.key_shape(asking, usage)})


@answers_get(KeyAuthentication)
def credits(request: Request) -> Response:
    """`{"data": {"total_credits", "total_usage"}}` of the whole account, in dollars."""
    account = account_credits(manager_of_account(caller(request)))
    return Response(
        {
            "data": {
                "total_credits": dollars(account.granted_nano),
                "total_usage": dollars(account.used_nano),
            }
        }
    )
