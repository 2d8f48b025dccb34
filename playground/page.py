"""GET /playground and /playground/c/<chat>: the page; what moves on it is static/js/playground."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import memberships
from accounts.models import User
from billing.standing import standing
from openrouter_site.errors import NotFound
from openrouter_site.money import format_amount
from playground import access, reading
from playground.models import Preferences
from playground.sealing import opened
from ui.site_address import base_url

PANES_MAX = 6
# An id where an address of the page's script needs one.
_ANY = "-id-"
# Shown by "?", beside those of every page.
_KEYS = (
    ("n", "New chat"),
    ("m", "Add a model"),
    ("1…6", "Go to a pane"),
    ("c", "Copy the last answer"),
    ("r", "Regenerate it"),
    ("[ ]", "The branch before, after"),
    ("Enter", "Send; with Ctrl to all, with Shift a new line"),
    ("↑", "Edit the last question, from an empty message"),
    ("Esc", "Stop all answers"),
)


@never_cache
@login_required
@require_safe
def playground(request: HttpRequest, chat: str = "") -> HttpResponse:
    """Another person's chat is a chat that does not exist."""
    user = request.user
    assert isinstance(user, User)
    try:
        kept = reading.described(access.chat_of(user.pk, chat)) if chat else None
    except NotFound:
        raise Http404 from None
    context = {"bootstrap": _bootstrap(request, user) | {"chat": kept}, "page_keys": _KEYS}
    return render(request, "playground/index.html", context)


def _bootstrap(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the scripts know from the start."""
    kept = Preferences.objects.filter(user=user).first()
    return {
        "user": {"id": user.pk, "email": user.email},
        "accounts": _accounts(user),
        "balance": format_amount(standing(user).available_nano),
        "preferences": {
            "favourites": kept.favourites if kept is not None else [],
            "settings": _settings(kept),
            "chat_days": kept.chat_days if kept is not None else 0,
        },
        "default_models": [user.default_model or settings.DEFAULT_MODEL],
        "limits": {"panes": PANES_MAX},
        "api": f"{base_url(request)}/api/v1",
        "urls": _urls(),
    }


def _settings(kept: Preferences | None) -> dict[str, Any] | None:
    """Of the next new chat."""
    found = opened(kept.encrypted).get("settings") if kept is not None and kept.encrypted else None
    return found if isinstance(found, dict) and found else None


def _accounts(user: User) -> list[dict[str, Any]]:
    """Who may pay: the person, and whose member he is."""
    others = [(row.owner_id, row.owner.email) for row in memberships(user.pk)]
    return [{"id": id, "name": name} for id, name in [(user.pk, "My account"), *others]]


def _urls() -> dict[str, str]:
    """Of other pages; the Playground's own are below its address."""
    found = {"playground": reverse("playground")}
    for name, view, arguments in (
        ("chat", "playground_chat", [_ANY]),
        ("credits", "pages:credits", []),
        ("generation", "pages:request", [_ANY]),
        ("login", "account_login", []),
        ("shared", "playground_shared", []),
        ("leaderboard", "playground_leaderboard", []),
    ):
        try:
            found[name] = reverse(view, args=arguments)
        except NoReverseMatch:
            found[name] = ""
    return found
