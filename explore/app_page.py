"""/apps/{id}: what an app used here, and hiding it (design: App page)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from catalog import live
from explore import rankings_chart, rankings_tables
from explore.rankings_page import for_whom_it_is
from explore.visitors import visitor
from rankings import access, app_usage, boards, hiding
from rankings.app_usage import AppUsage
from rankings.boards import App
from rankings.identity import LOCALHOST
from rankings.models import RankedApp
from rankings.spans import spans
from ui import format

DAYS = 30


@require_safe
@for_whom_it_is
def app(request: HttpRequest, app_id: int) -> HttpResponse:
    """Hidden ones, and all of them where apps have no names, are there for their owners alone and
    for the staff."""
    row = RankedApp.objects.filter(pk=app_id).first()
    user = visitor(request)
    is_owner = row is not None and user is not None and hiding.is_owner(user, row)
    if row is None or not _may_see(row, user, is_owner):
        raise Http404
    found = App(row.pk, row.title, row.origin, (), 0)
    last = boards.last_completed() or datetime.now(UTC).date() - timedelta(days=1)
    usage = app_usage.usage_of(row.pk, *spans(last, DAYS, 1))
    context = {
        "app": found,
        "row": row,
        "links_out": row.origin != LOCALHOST,
        "usage": usage,
        "is_owner": is_owner,
        "owned_days": hiding.OWNED_DAYS,
        "crumbs": [{"label": "Rankings", "href": "/rankings"}, {"label": found.name}],
        **_place(row.pk),
        **_models(usage),
    }
    return render(request, "explore/app.html", context)


def _may_see(row: RankedApp, user: User | None, is_owner: bool) -> bool:
    if is_owner or (user is not None and user.is_staff):
        return True
    return not row.hidden and access.sees_app_names(user)


def _place(app_id: int) -> dict[str, Any]:
    """By the tokens of seven days."""
    places = boards.board("week").places
    rank = next((each.rank for each in places if each.key == app_id), None)
    return {"rank": rank, "app_count": len(places)}


def _models(usage: AppUsage) -> dict[str, Any]:
    """The chart by day, and the table."""
    if not usage.tokens:
        return {}
    names = {id: model.name for id, model in live.catalog().models.items()}
    days = spans(usage.span.last, 1, usage.span.days)
    chart = rankings_chart.draw(usage.models, days, names, "Tokens by model, for each day")
    ranked = sorted(usage.models.items(), key=lambda item: (-sum(item[1]), item[0]))
    rows = [
        rankings_tables.ModelUse(
            id=id,
            name=names.get(id, id),
            note=id,
            address=rankings_tables.model_address(id),
            tokens=sum(tokens),
            share_percent=format.percent(sum(tokens), usage.tokens),
            share_width=f"{sum(tokens) * 100 / usage.tokens:.2f}",
            colour=chart.colours.get(id, "c0"),
        )
        for id, tokens in ranked
    ]
    return {"chart": chart, "models": rows}


@require_POST
@login_required
def hide(request: HttpRequest, app_id: int) -> HttpResponseBase:
    """Its owner takes it out of the rankings, or (`show=1`) puts it back."""
    row = RankedApp.objects.filter(pk=app_id).first()
    user = visitor(request)
    if row is None or user is None or not hiding.is_owner(user, row):
        raise Http404
    if request.POST.get("show") == "1":
        hiding.show_for_owner(row)
        messages.success(request, "The app is in the rankings again.")
    else:
        hiding.hide_for_owner(row)
        messages.success(request, "The app is hidden. Rankings leave it out within a minute.")
    return redirect("app", app_id)
