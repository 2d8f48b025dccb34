"""One key: its figures, its settings, its history, and what may be done to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from accounts import key_changes
from accounts.models import ApiKey
from accounts.reauthentication import is_post, recently_authenticated
from billing import key_figures, key_list, key_rotation
from billing.key_creation import MadeAlready
from billing.key_limits import set_limit
from openrouter_site.errors import Conflict
from pages import access, history
from pages.key_creation import seen_already, shown_once
from pages.key_form import KeyForm
from pages.key_steps import DeletionForm, RotationForm

_GET_POST = ["GET", "HEAD", "POST"]


@recently_authenticated(when=is_post)
@require_http_methods(_GET_POST)
def key(request: HttpRequest, key_id: int) -> HttpResponse:
    row = access.key(access.person(request), key_id)
    now = timezone.now()
    (listed,) = key_list.listed([row], now)
    form = KeyForm(request.POST or None, row, listed.budget)
    if request.method == "POST" and form.is_valid():
        _save(row, form, access.person(request).email)
        messages.success(request, f"Saved. {row.name} follows it from its next request on.")
        return redirect("pages:key", row.pk)
    context = {
        "key": listed,
        "form": form,
        "sums": key_figures.sums([row.pk], now).get(row.pk, {}),
        "history": history.of_key(row),
    }
    return render(request, "account/key.html", context)


def _save(row: ApiKey, form: KeyForm, actor: str) -> None:
    with transaction.atomic():
        # The limit first: it locks the account and then the key, in the order of billing.batch.
        if "limit" in form.fields:
            set_limit(row, form.cleaned_data["limit"], form.cleaned_data["period"], actor=actor)
        key_changes.change(row, form.row_fields(), actor=actor)


def _is_enabling(request: HttpRequest) -> bool:
    return request.POST.get("disabled") != "1"


@recently_authenticated(when=_is_enabling, form_page="pages:key")
@require_POST
def switch(request: HttpRequest, key_id: int) -> HttpResponse:
    """Disable (`disabled=1`), or enable again."""
    user = access.person(request)
    row = access.key(user, key_id)
    is_disabled = not _is_enabling(request)
    key_changes.change(row, {"disabled": is_disabled}, actor=user.email)
    what = "is disabled: programs with it get 401 now" if is_disabled else "works again"
    messages.success(request, f"{row.name} {what}.")
    return redirect("pages:key", row.pk)


@recently_authenticated()
@require_http_methods(_GET_POST)
def rotate(request: HttpRequest, key_id: int) -> HttpResponse:
    """A new key in its place; the answer shows it."""
    user = access.person(request)
    row = access.secret_key(user, key_id)
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        overlap = timedelta(hours=int(form.cleaned_data["overlap"]))
        try:
            new, text = key_rotation.rotate(
                row, overlap, timezone.now(), actor=user.email,
                form_token=form.cleaned_data["token"],
            )  # fmt: skip
        except MadeAlready as made:
            return seen_already(request, made.row)
        except Conflict as refusal:
            form.add_error(None, refusal.message)
        else:
            return shown_once(request, new, text, {"old": row, "overlap": overlap})
    return _step(request, "rotate", row, form)


@login_required
@require_http_methods(_GET_POST)
def delete(request: HttpRequest, key_id: int) -> HttpResponse:
    """For ever; its name must be typed."""
    user = access.person(request)
    row = access.secret_key(user, key_id)
    form = DeletionForm(row.name, request.POST or None)
    if request.method == "POST" and form.is_valid():
        key_changes.delete(row, actor=user.email)
        messages.success(request, f"{row.name} is deleted. Programs with it get 401 now.")
        return redirect("pages:keys")
    return _step(request, "delete", row, form)


def _step(request: HttpRequest, name: str, row: ApiKey, form: forms.Form) -> HttpResponse:
    """A page that asks, or the same as a dialog."""
    is_dialog = request.headers.get("HX-Request") == "true" and request.method != "POST"
    kind = "dialog" if is_dialog else "page"
    context: dict[str, Any] = {"row": row, "form": form, "step": name}
    response = render(request, f"account/key_step_{kind}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
