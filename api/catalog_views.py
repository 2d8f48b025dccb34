"""The catalog for programs: models, who serves them, at which price, and how well.

Public answers may be cached by anybody; those for a key only by its owner (api.middleware).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from api import catalog_shapes, model_feed
from api.authentication import KeyAuthentication, OptionalKeyAuthentication, caller
from api.catalog_shapes import JsonObject
from api.credits import credits_left
from api.model_filters import serving
from api.model_query import ModelQuery, offered
from api.views import answers_get
from catalog import live
from catalog.snapshot import Catalog, Model
from openrouter_site.errors import NotFound
from routing import statistics
from routing.data_policy import usable

# openrouter-today 1.0, as measured on GET /models.
_PUBLIC = {"Cache-Control": "public, max-age=120, stale-while-revalidate=3600, stale-if-error=3600"}


def _public(data: dict[str, Any]) -> Response:
    return Response(data, headers=_PUBLIC)


@answers_get(OptionalKeyAuthentication)
def models(request: Request) -> HttpResponseBase:
    """`{"data": [Model], "links": {"next"}, "total_count", "models": []}`, or RSS.

    Raises BadRequest.
    With a key, `per_request_limits` says what its credits allow (seed, Token Limits).
    """
    query = ModelQuery.parse(request.query_params)
    catalog = live.catalog()
    found = query.select(offered(catalog))
    # A refused or unchecked key gets the public list too, but nobody may keep that for others.
    headers = {} if "Authorization" in request.headers else _PUBLIC
    response: HttpResponseBase
    if query.is_feed:
        text = model_feed.feed(query.page(found), links_to_chat=query.feed_links_to_chat)
        response = HttpResponse(text, content_type=model_feed.CONTENT_TYPE, headers=headers)
    else:
        response = Response(_listed(request, query, found, catalog), headers=headers)
    patch_vary_headers(response, ["Authorization"])
    return response


@answers_get(KeyAuthentication)
def models_of_user(request: Request) -> Response:
    """The same list, of what the key may use: by its own list of models, and by the data policy,
    the ignored providers and the provider keys of its account."""
    query = ModelQuery.parse(request.query_params)
    catalog, key = live.catalog(), caller(request)
    found = [
        model
        for model in usable(catalog, key, key.own_providers)
        if not key.allowed_models or model.id in key.allowed_models
    ]
    return Response(_listed(request, query, query.select(found), catalog))


def _listed(
    request: Request, query: ModelQuery, found: list[Model], catalog: Catalog
) -> JsonObject:
    """A page of them. The empty `models` keeps Codex from taking the list for its own format
    (openrouter-today 1.7)."""
    page = query.page(found)
    if request.auth is None:
        data = [catalog_shapes.model_shape(model) for model in page]
    else:
        left_nano = credits_left(caller(request), timezone.now())
        data = [
            catalog_shapes.model_shape(
                model, catalog_shapes.per_request_limits(model, catalog, left_nano)
            )
            for model in page
        ]
    following = query.next_page(request.path, request.query_params, len(found))
    return {"data": data, "links": {"next": following}, "total_count": len(found), "models": []}


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
def endpoints_zdr(request: Request) -> Response:
    """`{"data": [PublicEndpoint]}`: those on offer whose provider keeps no prompts."""
    figures = statistics.current()
    data = [
        catalog_shapes.endpoint_shape(model, endpoint, figures.get(endpoint.id))
        for model in offered(live.catalog())
        for endpoint in serving(model)
        if not endpoint.provider.retains_prompts
    ]
    return _public({"data": data})


@answers_get()
def providers(request: Request) -> Response:
    """`{"data": [Provider]}`."""
    found = live.catalog().providers.values()
    return _public({"data": [catalog_shapes.provider_shape(provider) for provider in found]})
