"""What the search of the top bar finds among a person's pages and keys (Ctrl K)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access as parts
from accounts.models import ApiKey, User
from billing import key_list
from pages import access, navigation
from pages.navigation import Entry

_CHARACTERS_MAX = 100
_PAGES_MAX, _KEYS_MAX = 6, 5


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """/quick?q=: pages of the menus whose name has all words, and own keys, as links."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:_CHARACTERS_MAX]
    user = request.user if isinstance(request.user, User) else None
    context = {"pages": _pages(words, user), "keys": _keys(words, request) if user else []}
    return render(request, "account/_quick.html", context)


def _pages(words: str, user: User | None) -> list[Entry]:
    entries = [*navigation.main(""), *(navigation.account("") if user else ())]
    asked = words.casefold().split()
    found = [each for each in entries if all(word in each.label.casefold() for word in asked)]
    return found[:_PAGES_MAX]


def _keys(words: str, request: HttpRequest) -> list[ApiKey]:
    """Only once something is asked for: a list of all is no answer."""
    if not words:
        return []
    visible = parts.visible_keys(access.seat(access.person(request), ""))
    return list(key_list.matching(visible, words)[:_KEYS_MAX])
