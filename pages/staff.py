"""Pages for staff alone, and what they say while the database is away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from openrouter_site.database import OUTAGES
from pages import errors

View = Callable[[HttpRequest], HttpResponseBase]

_AWAY = "The database does not answer. On the server, manage.py doctor says what is wrong."
# The pages of the operator, as the tabs on each of them name them.
_TABS = (
    ("live", "Live", "pages:operator"),
    ("doctor", "Doctor", "pages:doctor"),
    ("audit", "Audit log", "pages:audit"),
    ("admin", "Administration", "admin:index"),
)


def for_staff(view: View) -> View:
    """Others are sent to sign in, or told that it is not for them."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        try:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.is_staff:
                return errors.page(request, 403, advice="This page is for the operator.")
            answer = view(request)
        except (DatabaseError, *OUTAGES):
            return errors.page(request, 503, advice=_AWAY)
        if isinstance(answer, HttpResponse):
            answer["Cache-Control"] = "no-store"
        return answer

    return guarded


def tabs() -> list[dict[str, str]]:
    return [{"value": value, "label": label, "href": reverse(name)} for value, label, name in _TABS]
