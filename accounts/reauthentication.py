"""Asking again who somebody is, before what is worth stealing: keys, payments, factors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import urlencode

View = Callable[Concatenate[HttpRequest, ...], HttpResponse]


def recently_authenticated(view: View) -> View:
    """Only for whoever signed in, or confirmed it, in the last ACCOUNT_REAUTHENTICATION_TIMEOUT.

    A form that comes too late is shown again after that: what was typed may be a secret, and is
    not kept in a session.
    """

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if not must_confirm(request):
            return view(request, *args, **options)
        if request.method == "POST":
            messages.info(request, "Confirm that it is you, then send the form again.")
        return ask_again(request)

    return guarded


def must_confirm(request: HttpRequest) -> bool:
    return bool(is_reauthentication_required(request, app="allauth.account"))


def ask_again(request: HttpRequest) -> HttpResponseRedirect:
    """To the page that asks, by the best means this person has, and back."""
    means = get_adapter().get_reauthentication_methods(request.user)
    page = means[0]["url"] if means else resolve_url("account_login")
    return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")
