"""Asking again who somebody is, before what is worth stealing: keys, payments, factors.

Whoever has a password or a factor shows that. Whoever came by a social account alone signs in there
again. Whoever has nothing of it (the operator switched the provider off) gets a password by e-mail.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode

View = Callable[Concatenate[HttpRequest, ...], HttpResponseBase]

_SHOW = "Confirm that it is you, then press the button again."
_GO_ON = "Thank you. Nothing was done yet: press the button again."
_BY_PROVIDER = "Sign in there again, to confirm that it is you."
_BY_EMAIL = "Choose a password by e-mail, to confirm that it is you."


def is_post(request: HttpRequest) -> bool:
    return request.method == "POST"


def recently_authenticated(
    *, when: Callable[[HttpRequest], bool] = lambda request: True, form_page: str = ""
) -> Callable[[View], View]:
    """Only for whoever signed in, or confirmed it, in the last REAUTHENTICATION_TIMEOUT_S.

    `when` tells the requests that need it; for the others one must be signed in, no more.
    `form_page` names where one comes back to, with the arguments of this path: the page that has
    the form, when this path has none.

    A form that comes too late is shown again after that: what was typed may be a secret, and is
    not kept in a session.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
            here = request.get_full_path()
            back = resolve_url(form_page, *args, **options) if form_page else here
            if not request.user.is_authenticated:
                return _led(request, redirect_to_login(back if is_post(request) else here).url)
            if when(request) and not signed_in_recently(request):
                return ask_again(request, back)
            return view(request, *args, **options)

        return guarded

    return guard


def signed_in_recently(request: HttpRequest) -> bool:
    """By password, passkey or second factor, or confirmed by one of them; a social account's word
    counts for whoever has nothing else."""
    if _is_recent(request, {"password", "mfa"}):
        return True
    return _is_recent(request, {"socialaccount"}) and not means(request)


def _is_recent(request: HttpRequest, methods: set[str]) -> bool:
    records = get_authentication_records(request, request.user)
    times = [record["at"] for record in records if record["method"] in methods]
    return bool(times) and time.time() - times[-1] < app_settings.REAUTHENTICATION_TIMEOUT


def means(request: HttpRequest) -> list[dict[str, Any]]:
    """What this person can show here, the best first: password, factors."""
    found: list[dict[str, Any]] = get_adapter().get_reauthentication_methods(request.user)
    return found


def ask_again(request: HttpRequest, back: str) -> HttpResponse:
    """To the page that asks, by the best means this person has, and back."""
    if is_post(request) or back != request.get_full_path():
        messages.info(request, _SHOW)
        request.session[STATE_SESSION_KEY] = {
            "callback": f"{__name__}.{back_to_form.__name__}", "state": {"back": back},
        }  # fmt: skip
    return _led(request, f"{_page_that_asks(request)}?{urlencode({'next': back})}")


def back_to_form(request: HttpRequest, state: dict[str, str]) -> HttpResponse:
    """Called by allauth when it is confirmed. What was asked about last may be something else."""
    back = get_next_redirect_url(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
    if back == state["back"]:
        messages.info(request, _GO_ON)
    return HttpResponseRedirect(back)


def _page_that_asks(request: HttpRequest) -> str:
    """Never the login page: it sends whoever is signed in straight back here."""
    if found := means(request):
        return str(found[0]["url"])
    accounts = SocialAccount.objects.filter(user=request.user, provider__in=settings.SOCIAL_SIGN_IN)
    if account := accounts.order_by("-last_login").first():
        messages.info(request, _BY_PROVIDER)
        return reverse(f"{account.provider}_login")
    messages.info(request, _BY_EMAIL)
    return reverse("account_reset_password")


def _led(request: HttpRequest, address: str) -> HttpResponse:
    """The whole page goes there. htmx would follow a redirect, and put what it finds where the
    answer belongs."""
    response: HttpResponse = HttpResponseRedirect(address)
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204, headers={"HX-Redirect": address})
    add_never_cache_headers(response)
    return response
