"""`/auth`: an app asks a user for a key, and he agrees or does not (seed, OAuth PKCE; ui 1.9).

What the app wrote is checked before anything else, signed in or not: an address that breaks the
rules gets a page of ours and is never gone to. The address of the page is the whole request, so the
form is sent to where it came from, and nothing of it is kept between the two.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import app_requests, pkce
from accounts.app_requests import AppRequest
from accounts.callbacks import Callback
from accounts.models import User
from accounts.reauthentication import ask_again, signed_in_recently
from billing import connected_apps
from openrouter_site.errors import ApiError, BadRequest
from pages import consent_debug
from pages.consent_form import ConsentForm

_PARAMETERS = (
    "callback_url", "code_challenge", "code_challenge_method", "limit", "usage_limit_type",
    "expires_at", "key_label", "state",
)  # fmt: skip


class SeeOther(HttpResponseRedirect):
    """To be fetched by GET, whatever this was (RFC 9700, 4.12)."""

    status_code = 303


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    try:
        asked = read(request.GET)
    except BadRequest as error:
        return _refused(request, error)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.method == "POST" and "cancel" in request.POST:
        return _cancelled(request, asked)
    if not signed_in_recently(request):
        return ask_again(request, request.get_full_path())
    form = ConsentForm(asked, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _granted(request, request.user, asked, form)
    return _page(request, "consent", _context(request.user, asked, form), asked.callback)


@never_cache
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """ "Not you?": sign out, sign in as another, and come back to the same request."""
    logout(request)
    query = request.META.get("QUERY_STRING", "")
    return redirect_to_login(f"{request.path.removesuffix('/switch')}?{query}")


def read(query: QueryDict) -> AppRequest:
    """Raises BadRequest, also for what is said twice: which of them counts is anybody's guess."""
    for name in _PARAMETERS:
        if len(query.getlist(name)) > 1:
            raise BadRequest(f"{name} was sent more than once.", {"field": name})
    return app_requests.read({name: query[name] for name in _PARAMETERS if name in query})


def _context(user: User, asked: AppRequest, form: ConsentForm) -> dict[str, Any]:
    now = timezone.now()
    return {
        "asked": asked,
        "form": form,
        "earlier": connected_apps.of_app(user.pk, asked.origin, now),
    }


def _granted(
    request: HttpRequest, user: User, asked: AppRequest, form: ConsentForm
) -> HttpResponse:
    try:
        _, code = pkce.issue(
            user.pk,
            asked.origin,
            asked.challenge,
            form.terms(),
            replaces=form.cleaned_data["replace"],
        )
    except ApiError as error:
        return _refused(request, error)
    if asked.callback is None:
        return _page(request, "code", {"code": code, "minutes": pkce.LIFETIME_S // 60}, None)
    return _back(asked.callback, asked, code=code)


def _cancelled(request: HttpRequest, asked: AppRequest) -> HttpResponse:
    if asked.callback is None:
        return _page(request, "cancelled", {}, None)
    return _back(asked.callback, asked, error="access_denied")


def _back(callback: Callback, asked: AppRequest, **answer: str) -> HttpResponse:
    state = {"state": asked.state} if asked.state else {}
    response = SeeOther(callback.with_answer(**answer, **state))
    # The app's page must not learn what was asked for from where its visitor comes.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _refused(request: HttpRequest, error: ApiError) -> HttpResponse:
    field = (error.metadata or {}).get("field", "")
    context = {"message": error.message, "field": field}
    return _page(request, "error", context, None, status=error.code)


@require_safe
def debug(request: HttpRequest) -> HttpResponse:
    """For developers: what the consent page would say to a request, and a link to it."""
    fields = {name: request.GET.get(name, "") for name in _PARAMETERS}
    verifier, challenge = consent_debug.example()
    context = {
        "fields": fields,
        "checks": consent_debug.checks(fields) if any(fields.values()) else [],
        "link": consent_debug.link(request.build_absolute_uri("/").rstrip("/"), fields),
        "example_verifier": verifier,
        "example_challenge": challenge,
    }
    return _page(request, "debug", context, None)


def _page(
    request: HttpRequest,
    name: str,
    context: dict[str, Any],
    callback: Callback | None,
    status: int = 200,
) -> HttpResponse:
    """`callback`: where the answer to the page's form may lead; browsers ask the page's policy."""
    response = render(request, f"oauth/{name}.html", context, status=status)
    if callback is not None:
        response._csp_update = {"form-action": _sources(callback)}  # type: ignore[attr-defined]
    return response


def _sources(callback: Callback) -> list[str]:
    """Browsers hold a form's policy against every redirect that follows it, also against those of
    the app: programs that listen on loopback often send their visitor on to a page of theirs."""
    # A policy has no words for an address of IPv6.
    return [f"{callback.scheme}:" if "[" in callback.host else callback.origin, "https:"]
