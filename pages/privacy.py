"""Privacy: whom prompts may reach, what that leaves, and what this server itself keeps of them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import kept_prompts, user_settings
from accounts.models import ProviderKey, User
from accounts.signed_in import user_of
from catalog import live
from pages.settings_forms import POLICY, PolicyForm, PromptLogForm
from routing import data_policy
from routing.data_policy import Effect, Wish


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def policy(request: HttpRequest) -> HttpResponse:
    """/settings/privacy; a POST with `preview` shows what would be and changes nothing."""
    user = user_of(request)
    saved = {name: getattr(user, name) for name in POLICY}
    if request.method != "POST":
        return _page(request, user, PolicyForm(initial=saved), _saved_wish(user))
    form = PolicyForm(request.POST)
    form.is_valid()  # Two switches: whatever is sent, they are on or off.
    wish = form.wish(user)
    if "preview" in request.POST:
        if getattr(request, "htmx", False):
            return render(request, "account/_effect.html", _effect(user, wish))
        return _page(request, user, form, wish)
    user_settings.change(user, {name: form.cleaned_data[name] for name in POLICY})
    messages.success(request, "Data policy saved. Requests obey it from now on.")
    return redirect("pages:privacy")


@login_required
@require_POST
def prompts(request: HttpRequest) -> HttpResponse:
    """Whether prompts are kept, and how long."""
    user = user_of(request)
    form = PromptLogForm(request.POST)
    if not form.is_valid():
        saved = PolicyForm(initial={name: getattr(user, name) for name in POLICY})
        return _page(request, user, saved, _saved_wish(user), form)
    user_settings.change(user, form.cleaned_data)
    if form.cleaned_data["log_prompts"]:
        told = f"Prompts and answers are kept for {form.cleaned_data['prompt_days']} days."
    else:
        told = "Prompts and answers are not kept any more."
    messages.success(request, told)
    return redirect("pages:privacy")


@login_required
@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    deleted = kept_prompts.erase(user_of(request).pk)
    messages.success(request, f"Erased: {deleted} request{'' if deleted == 1 else 's'}.")
    return redirect("pages:privacy")


def _saved_wish(user: User) -> Wish:
    return Wish(user.allow_training, user.allow_retention, frozenset(user.ignored_providers))


def _page(
    request: HttpRequest,
    user: User,
    form: PolicyForm,
    wish: Wish,
    prompt_form: PromptLogForm | None = None,
) -> HttpResponse:
    initial = {"log_prompts": user.log_prompts, "prompt_days": user.prompt_days}
    context = {
        "form": form,
        "prompt_form": prompt_form or PromptLogForm(initial=initial),
        "kept": kept_prompts.count(user.pk),
        **_effect(user, wish),
    }
    return render(request, "account/privacy.html", context)


def _effect(user: User, wish: Wish) -> dict[str, Any]:
    own = ProviderKey.objects.filter(user=user, disabled=False)
    slugs = frozenset(own.values_list("provider__slug", flat=True))
    effect = data_policy.effect(live.catalog(), wish, slugs)
    preferences = data_policy.as_preferences(wish)
    return {
        "effect": effect,
        "dropped": _dropped(effect),
        "is_changed": wish != _saved_wish(user),
        "has_rule": bool(preferences),
        "rule": json.dumps({"provider": preferences}, indent=2),
    }


def _dropped(effect: Effect) -> list[dict[str, Any]]:
    return [
        {
            "name": each.provider.name,
            "slug": each.provider.slug,
            "reasons": [data_policy.IN_WORDS[reason] for reason in each.reasons],
        }
        for each in effect.dropped
    ]
