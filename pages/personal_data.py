"""Taking one's data along, and leaving."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import ApiKey, Member, User
from accounts.reauthentication import recently_authenticated
from accounts.signed_in import user_of
from billing import closing, personal_data
from billing.balances import account_row
from billing.credits import account_id
from openrouter_site.streaming import streamed
from pages import errors
from pages.settings_forms import CloseForm

# Who has no password proves by a sign-in of just now that it is them.
_FRESH = timedelta(minutes=10)
_WRONG_MAX = 5
_WRONG_WINDOW_S = 900


@recently_authenticated(form_page="pages:settings")
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Everything that is kept, as a zip, made while it is sent."""
    user = user_of(request)
    name = f"my-data-{timezone.now():%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        streamed(personal_data.pieces(user)),
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Says what goes and what stays; a POST with the right words does it."""
    user = user_of(request)
    if not user.has_usable_password() and not _is_fresh(user):
        return _page(request, user, None)
    if request.method != "POST":
        return _page(request, user, CloseForm(user=user))
    wrong = f"wrong-passwords-to-close:{user.pk}"
    if (cache.get_or_set(wrong, 0, _WRONG_WINDOW_S) or 0) >= _WRONG_MAX:
        return errors.page(request, 429, advice="Too many wrong passwords. Wait 15 minutes.")
    form = CloseForm(request.POST, user=user)
    if not form.is_valid():
        if "password" in form.errors:
            cache.incr(wrong)
        return _page(request, user, form)
    try:
        closing.close(user)
    except closing.LastOperator:
        form.add_error(None, "You are the only operator of this server. Make another one first.")
        return _page(request, user, form)
    logout(request)
    messages.success(request, "Your account is closed. Goodbye.")
    return redirect("pages:landing")


def _is_fresh(user: User) -> bool:
    return user.last_login is not None and timezone.now() - user.last_login < _FRESH


def _page(request: HttpRequest, user: User, form: CloseForm | None) -> HttpResponse:
    account = account_row(account_id(user))
    keys = ApiKey.objects.filter(user=user, deleted_at=None)
    context = {
        "form": form,
        "credits_nano": account.posted_nano,
        "keys": keys.count(),
        "members": Member.objects.filter(owner=user, removed_at=None).count(),
    }
    return render(request, "account/close.html", context)
