"""The API beside inference: models, providers, generations, the key and its credits (DRF).

Every answer is JSON whatever the caller accepts, and every error has one shape (answer_exception).
Public answers may be cached; what a key can see, only by its owner (api.middleware).
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
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

from api import account_shapes, catalog_shapes
from api.access import manager_of_account, visible_generations
from api.authentication import KeyAuthentication, OptionalKeyAuthentication, caller
from api.credits import account_credits, credits_left, key_usage
from api.model_query import ModelQuery, offered
from catalog import live
from catalog.snapshot import Model
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
from routing import statistics

logger = logging.getLogger(__name__)

# openrouter-today 1.0, as measured on GET /models.
_PUBLIC = "public, max-age=120, stale-while-revalidate=3600, stale-if-error=3600"
_GENERATION_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")

View = Callable[..., Response]


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


def _public(data: dict[str, Any]) -> Response:
    return Response(data, headers={"Cache-Control": _PUBLIC})


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


# --- Catalog -----------------------------------------------------------------------------------


@answers_get(OptionalKeyAuthentication)
def models(request: Request) -> Response:
    """`{"data": [Model], "links": {"next"}, "total_count", "models": []}`; raises BadRequest.

    With a key, `per_request_limits` says what its credits allow (seed, Token Limits). The empty
    `models` keeps Codex from taking the list for its own format (openrouter-today 1.7).
    """
    query = ModelQuery.parse(request.query_params)
    catalog = live.catalog()
    found = query.select(offered(catalog))
    if request.auth is None:
        data = [catalog_shapes.model_shape(model) for model in query.page(found)]
    else:
        left_nano = credits_left(caller(request), timezone.now())
        data = [
            catalog_shapes.model_shape(
                model, catalog_shapes.per_request_limits(model, catalog, left_nano)
            )
            for model in query.page(found)
        ]
    following = query.next_page(request.path, request.query_params, len(found))
    answer = {"data": data, "links": {"next": following}, "total_count": len(found), "models": []}
    # A refused or unchecked key gets the public list too, but nobody may keep that for others.
    response = Response(answer) if "Authorization" in request.headers else _public(answer)
    patch_vary_headers(response, ["Authorization"])
    return response


@answers_get()
def models_count(request: Request) -> Response:
    """`{"data": {"count"}}`, of the models that GET /models would list."""
    query = ModelQuery.parse(request.query_params)
    return _public({"data": {"count": len(query.select(offered(live.catalog())))}})


def known_model(author: str, slug: str) -> Model:
    """The model `author/slug`; raises NotFound."""
    model_id = f"{author}/{slug}"
    model = live.catalog().models.get(model_id)
    if model is None:
        raise NotFound(f"Model {model_id} not found")
    return model


@answers_get()
def model(request: Request, author: str, slug: str) -> Response:
    """`{"data": Model}`; raises NotFound."""
    return _public({"data": catalog_shapes.model_shape(known_model(author, slug))})


@answers_get()
def endpoints(request: Request, author: str, slug: str) -> Response:
    """`{"data": {"id", ..., "endpoints": [PublicEndpoint]}}`; raises NotFound."""
    figures = statistics.current()
    return _public({"data": catalog_shapes.endpoints_shape(known_model(author, slug), figures)})


@answers_get()
def providers(request: Request) -> Response:
    """`{"data": [Provider]}`."""
    found = live.catalog().providers.values()
    return _public({"data": [catalog_shapes.provider_shape(provider) for provider in found]})


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
