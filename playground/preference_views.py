"""/playground/preferences, votes, and the leaderboard that comes of them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.signed_in import user_of
from catalog import live
from playground import ids, preferences, votes
from playground.asking import answered, asked, for_the_page
from ui import format


@for_the_page("GET", "POST")
def preference(request: HttpRequest, user: User) -> HttpResponse:
    """GET: all. POST: changes what is given."""
    if request.method != "POST":
        return answered(preferences.of(user.pk))
    changes = asked(request, "favourites", "settings", "chat_days")
    return answered(preferences.change(user.pk, changes))


@for_the_page("POST")
def vote(request: HttpRequest, user: User) -> HttpResponse:
    body = asked(request, "id", "models", "outcome", "best")
    id = ids.checked("vote", body.get("id"), "id")
    cast = votes.cast(user.pk, id, body.get("models"), body.get("outcome"), body.get("best"))
    return answered({"id": cast.pk}, 201)


@login_required
@require_safe
def leaderboard(request: HttpRequest) -> HttpResponse:
    """Which models this person found best, not knowing which they were."""
    standings = votes.standings(user_of(request).pk)
    models = live.peek().models
    rows = [
        {
            "standing": each,
            "name": models[each.model].name if each.model in models else each.model,
            "is_known": each.model in models,
            "win_rate": format.percent(each.wins, each.votes, places=0),
        }
        for each in standings
    ]
    answer = render(request, "playground/leaderboard.html", {"rows": rows})
    answer["Cache-Control"] = "no-store"
    return answer
