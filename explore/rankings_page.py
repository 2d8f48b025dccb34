"""/rankings: which models and apps get the tokens of this server (design: Rankings)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from catalog import live
from explore import rankings_chart, rankings_files, rankings_tables
from explore.rankings_query import AUTHORS, MODELS, POPULAR, TRENDING, Asked
from explore.rankings_words import written_span
from explore.visitors import visitor
from rankings import access, boards, standings
from rankings.boards import App, Board

View = Callable[..., HttpResponseBase]


def for_whom_it_is(view: View) -> View:
    """Where rankings are private, whoever is not signed in is asked to do so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if access.sees_rankings(visitor(request)):
            return view(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path())

    return guarded


@require_safe
@for_whom_it_is
def rankings(request: HttpRequest) -> HttpResponse:
    asked = Asked.read(request.GET)
    board = boards.board(asked.view)
    context = {"asked": asked, "board": board, **_choices(asked)}
    if board.spans:
        context |= _tables(asked, board, visitor(request))
    return render(request, "explore/rankings.html", context)


def _choices(asked: Asked) -> dict[str, Any]:
    return {
        "view_links": asked.links("view", {"day": "Day", "week": "Week", "month": "30 days"}),
        "by_links": asked.links("by", {MODELS: "Models", AUTHORS: "Authors"}),
        "apps_links": asked.links("apps", {POPULAR: "Popular", TRENDING: "Trending"}, "#apps"),
        "whole_address": asked.address(all="1"),
        "files": rankings_files.addresses(asked),
    }


def _tables(asked: Asked, board: Board, user: User | None) -> dict[str, Any]:
    names = {id: model.name for id, model in live.catalog().models.items()}
    drawn = standings.by_author(board.models) if asked.by == AUTHORS else board.models
    chart = rankings_chart.draw(drawn, board.spans, names, f"Tokens by {asked.by}")
    authors = rankings_tables.author_rows(board, chart.colours if asked.by == AUTHORS else {})
    rows = authors
    if asked.by == MODELS:
        rows = rankings_tables.model_rows(board, names, chart.colours)
    apps = apps_for(board, user)
    return {
        "span": written_span(board.span),
        "span_before": written_span(board.spans[-2]),
        "chart": chart,
        "rows": rankings_tables.shortened(rows, bool(asked.all)),
        "row_count": len(rows),
        "authors": authors[: rankings_tables.SIDE_ROWS],
        "author_count": len(authors),
        "rising": rankings_tables.rising_models(board, names)[: rankings_tables.SIDE_ROWS],
        **_app_tables(asked, board, apps),
        "has_names": access.sees_app_names(user),
        "mode": settings.RANKINGS,
        "requests_min": standings.REQUESTS_MIN,
    }


def _app_tables(asked: Asked, board: Board, apps: Mapping[int, App]) -> dict[str, Any]:
    rows = rankings_tables.app_rows(apps)
    rising = rankings_tables.rising_apps(board, apps)
    return {
        "app_count": len(rows),
        "app_rows": rankings_tables.shortened(rows, bool(asked.all)),
        "rising_apps": rising if asked.all else rising[: rankings_tables.SHORT_ROWS],
    }


def apps_for(board: Board, user: User | None) -> Mapping[int, App]:
    """Of the board, as this visitor may see them."""
    if access.sees_app_names(user):
        return board.apps
    return boards.nameless(board.apps)


@require_safe
@for_whom_it_is
def as_csv(request: HttpRequest) -> HttpResponse:
    """The whole table of `?by=` model, author or app."""
    table = _file(request)
    return HttpResponse(
        rankings_files.as_csv(table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{table.name}.csv"'},
    )


@require_safe
@for_whom_it_is
def as_json(request: HttpRequest) -> HttpResponse:
    """The same as `{"data": [...], "meta": {...}}`."""
    return JsonResponse(rankings_files.as_json(_file(request)))


def _file(request: HttpRequest) -> rankings_files.Table:
    asked = Asked.read(request.GET)
    board = boards.board(asked.view)
    of = request.GET.get("by", "")
    return rankings_files.table(board, of, apps_for(board, visitor(request)))
