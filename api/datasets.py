"""GET /api/v1/datasets/*: the rankings for programs, by any key (openrouter-today 1.16)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api import dataset_query
from api.authentication import KeyAuthentication, caller
from api.query_values import whole_number
from api.views import answers_get
from billing import limits
from catalog import live
from openrouter_site.errors import BadRequest
from rankings import access, boards, datasets, standings
from rankings.boards import App
from rankings.spans import COMPARED, Span, spans

VERSION = "v1"
_LIMIT, _LIMIT_MAX, _OFFSET_MAX = 50, 100, 100


@answers_get(KeyAuthentication)
def rankings_daily(request: Request) -> Response:
    """`{"data": [{date, model_permaslug, total_tokens}], "meta"}`. Raises BadRequest, RateLimited.

    Total tokens are a decimal string: prompt and completion tokens.
    """
    limits.read_dataset(caller(request))
    query = request.query_params
    dataset_query.refuse(query, "category", "language_type", "context_bucket")
    span = dataset_query.window(query)
    period = dataset_query.choice(query, "period", tuple(datasets.PERIODS))
    found = datasets.model_tokens(span, period, _of_modality(query.get("modality", "")))
    data = [
        {
            "date": each.begins_on.isoformat(),
            "model_permaslug": each.model,
            "total_tokens": str(each.tokens),
        }
        for each in found
    ]
    return Response({"data": data, "meta": _meta(span)})


@answers_get(KeyAuthentication)
def app_rankings(request: Request) -> Response:
    """`{"data": [{rank, app_id, app_name, total_tokens, total_requests}], "meta"}`. Raises
    BadRequest, RateLimited.

    Where apps have no names (RANKINGS=anonymous), `app_id` is the place by tokens.
    """
    limits.read_dataset(caller(request))
    query = request.query_params
    dataset_query.refuse(query, "category", "subcategory")
    span = dataset_query.window(query)
    sort = dataset_query.choice(query, "sort", ("popular", "trending"))
    limit = whole_number(query, "limit", 1, _LIMIT_MAX) or _LIMIT
    offset = whole_number(query, "offset", 0, _OFFSET_MAX) or 0
    apps: Mapping[int, App] = boards.apps_in(spans(span.last, span.days, COMPARED + 1))
    if not access.tells_app_names():
        apps = boards.nameless(apps)
    ranked = _ranked(apps, sort)
    data = [
        {
            "rank": rank,
            "app_id": app.id,
            "app_name": app.name,
            "total_tokens": str(app.tokens[-1]),
            "total_requests": app.requests,
        }
        for rank, app in list(enumerate(ranked, start=1))[offset : offset + limit]
    ]
    return Response({"data": data, "meta": _meta(span)})


def _ranked(apps: Mapping[int, App], sort: str) -> list[App]:
    if sort == "popular":
        return [apps[each.key] for each in boards.app_standings(apps)]
    tokens = {id: app.tokens for id, app in apps.items()}
    requests = {id: app.requests for id, app in apps.items()}
    return [apps[each.key] for each in standings.trending(tokens, requests)]


def _of_modality(modality: str) -> frozenset[str] | None:
    """Models that take it or give it; None: all. Raises BadRequest."""
    if not modality:
        return None
    models = live.catalog().models.values()
    known = {each for model in models for each in model.input_modalities}
    known |= {each for model in models for each in model.output_modalities}
    if modality not in known:
        words = f"modality must be one of {', '.join(sorted(known))}."
        raise BadRequest(words, {"field": "modality"})
    return frozenset(
        model.id
        for model in models
        if modality in model.input_modalities or modality in model.output_modalities
    )


def _meta(span: Span) -> dict[str, Any]:
    return {
        "as_of": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "start_date": span.first.isoformat(),
        "end_date": span.last.isoformat(),
        "version": VERSION,
    }
