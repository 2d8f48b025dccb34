"""Settings, Connected apps: what each app got and spends, and the end of it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import key_changes, keys
from accounts.models import User
from billing import app_keys, connected_apps

_HERE = "pages:connected-apps"


@login_required
@require_safe
def connected(request: HttpRequest) -> HttpResponse:
    found = connected_apps.of_user(_user(request).pk, timezone.now())
    return render(request, "account/connected.html", {"apps": found})


@login_required
@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """One key of an app; another user's is not found."""
    row = keys.of_user(_user(request).pk).exclude(app_origin="").filter(pk=key_id).first()
    if row is None:
        raise Http404
    key_changes.delete(row, actor=_user(request).email, reason="Revoked by its user.")
    return redirect(_HERE)


@login_required
@require_POST
def revoke_app(request: HttpRequest) -> HttpResponse:
    """All keys of an app."""
    origin = request.POST.get("origin", "")
    # No database takes a NUL.
    if not origin.isprintable() or not app_keys.revoke(
        _user(request).pk, origin, actor=_user(request).email
    ):
        raise Http404
    return redirect(_HERE)


def _user(request: HttpRequest) -> User:
    """Whom login_required let in."""
    assert isinstance(request.user, User)
    return request.user
