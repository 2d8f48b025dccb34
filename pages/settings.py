"""Settings: what counts where a request says nothing else, how pages look, when e-mail comes."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import time_zones, user_settings
from accounts.models import Theme
from accounts.signed_in import user_of
from catalog import live
from pages.context import Visitor
from pages.settings_forms import DefaultsForm, low_balance_help
from pages.theme import remember


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest) -> HttpResponse:
    """/settings"""
    user, catalog = user_of(request), live.catalog()
    if request.method == "POST":
        form = DefaultsForm(request.POST, catalog=catalog)
        if form.is_valid():
            user_settings.change(user, form.columns())
            messages.success(request, "Settings saved.")
            response = redirect("pages:settings")
            remember(response, form.cleaned_data["theme"])
            return response
    else:
        initial = DefaultsForm.initial_of(user, Visitor(request).theme)
        form = DefaultsForm(initial=initial, catalog=catalog)
    context = {
        "form": form,
        "models": [each for each in catalog.models.values() if each.kind != "media"],
        "usual_model": settings.DEFAULT_MODEL,
        "zones": time_zones.names(),
        "themes": Theme.choices,
        "ignored": set(form["ignored_providers"].value() or ()),
        "low_balance_help": low_balance_help(),
    }
    return render(request, "account/settings.html", context)
