"""Turning automatic top-ups on, changing their terms, turning them off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.reauthentication import recently_authenticated
from accounts.signed_in import user_of
from billing.credits import account_id
from billing.payments import auto_topup_terms
from billing.payments.auto_topup_terms import CapTooSmall
from openrouter_site.errors import ApiError, Conflict
from pages.credit_forms import AutoTopUpForm, PurchaseForm
from pages.credits import overview

_NO_CARD = "No card is saved. Buy credits once and keep the card, then turn this on."


def _is_turning_on(request: HttpRequest) -> bool:
    return "off" not in request.POST


@never_cache
@recently_authenticated(when=_is_turning_on, form_page="pages:credits")
@require_POST
def auto_top_up(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if not _is_turning_on(request):
        auto_topup_terms.turn_off(user.pk, account_id(user))
        messages.success(request, "Automatic top-up is off.")
        return redirect("pages:credits")
    form = AutoTopUpForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            auto_topup_terms.turn_on(user.pk, account_id(user), form.terms())
        except CapTooSmall:
            form.add_error("monthly_cap", "This is less than one top-up with its fee.")
        except Conflict as error:
            status = error.code
            form.add_error(None, _NO_CARD)
        except ApiError as error:
            status = error.code
            form.add_error(None, error.message)
        else:
            messages.success(request, "Automatic top-up is on.")
            return redirect("pages:credits")
    return overview(request, user, PurchaseForm(), top_up_form=form, status=status)
