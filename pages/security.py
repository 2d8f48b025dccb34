"""Security: password, passkeys, authenticator app, recovery codes and sessions on one page."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.views import password_set
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.reauthentication import recently_authenticated
from pages import browsers


@never_cache
@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    known = {
        **_factors(user),
        "address": EmailAddress.objects.filter(user=user, primary=True).first(),
        "sessions": _sessions(request, user),
        "providers": sorted(settings.SOCIAL_SIGN_IN),
        "connections": list(SocialAccount.objects.filter(user=user)),
        "staff_needs_factor": user.is_staff and settings.STAFF_TWO_FACTOR,
    }
    return render(request, "account/security.html", known)


def _factors(user: User) -> dict[str, Any]:
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    kinds = Authenticator.Type
    codes = next((row for row in rows if row.type == kinds.RECOVERY_CODES), None)
    passkeys = [row.wrap() for row in rows if row.type == kinds.WEBAUTHN]
    return {
        "app": next((row for row in rows if row.type == kinds.TOTP), None),
        "passkeys": passkeys,
        "codes_left": None if codes is None else len(codes.wrap().get_unused_codes()),
        "has_factor": any(row.type != kinds.RECOVERY_CODES for row in rows),
    }


def _sessions(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    """Those that still work, the current one first, then as they were last seen."""
    rows = UserSession.objects.purge_and_list(user)
    current = request.session.session_key
    rows.sort(key=lambda row: (row.session_key != current, -row.last_seen_at.timestamp()))
    return [
        {
            "row": row,
            "browser": browsers.name(row.user_agent),
            "current": row.session_key == current,
        }
        for row in rows
    ]


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Another one of one's own; the current one is ended by signing out."""
    row = get_object_or_404(UserSession, pk=session_id, user=request.user)
    if row.session_key == request.session.session_key:
        return redirect("account_logout")
    row.end()
    messages.success(request, "Signed out there.")
    return redirect("pages:security")


@recently_authenticated(form_page="pages:security")
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    others = UserSession.objects.filter(user=request.user)
    for row in others.exclude(session_key=request.session.session_key):
        row.end()
    messages.success(request, "Signed out everywhere else.")
    return redirect("pages:security")


# A first password lets its owner confirm who he is: a thief of the session must not set it.
set_password = recently_authenticated()(password_set)


@require_safe
def moved(request: HttpRequest) -> HttpResponse:
    """Pages of allauth whose content is in the overview."""
    return redirect("pages:security")
