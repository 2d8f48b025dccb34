"""Settings, Credits: what is left, what it buys, and how more comes in (design ui 1.11).

Buying is one form. What it costs is shown while one chooses; without scripts, or when it would cost
something else than was shown, a page between says so before anything begins.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.reauthentication import recently_authenticated
from accounts.signed_in import user_of
from billing import purchasing_power
from billing.credits import account_id
from billing.models import Checkout
from billing.payments import auto_topup, auto_topup_terms, listing, purchase
from billing.payments.money import Quote, mode
from billing.payments.refusal_words import said_in_our_words
from billing.purchasing_power import Answer
from billing.standing import standing
from openrouter_site.errors import ApiError
from openrouter_site.money import format_amount
from pages import credit_words
from pages.credit_forms import AutoTopUpForm, PurchaseForm, default_quote

_AGAIN = "Nothing was charged. Press the button again: it goes on with the same payment."
_LATEST = 5
_STRIPE_HOST = ".stripe.com"


@never_cache
@login_required
@require_safe
def credits(request: HttpRequest) -> HttpResponse:
    """`?amount=25` chooses it, so that other pages can offer the amount that is missing."""
    user = user_of(request)
    form = PurchaseForm({"amount": request.GET["amount"]} if "amount" in request.GET else None)
    return overview(request, user, form)


def overview(
    request: HttpRequest, user: User, form: PurchaseForm, *, problem: str = "",
    top_up_form: AutoTopUpForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page, whatever was sent to it before."""
    now, account = timezone.now(), account_id(user)
    there = standing(user)
    top_up = auto_topup_terms.row_of(user.pk, account)
    newest = listing.of_account(user.pk, account)[: _LATEST + 1]
    power = purchasing_power.of(user, there.available_nano, now)
    context = _buying(form, power.answer) | {
        "tabs": credit_words.tabs(),
        "standing": there,
        "power": power,
        "problem": problem,
        "payments": listing.with_what_came_after(newest[:_LATEST]),
        "has_more_payments": len(newest) > _LATEST,
        "top_up": top_up,
        "top_up_form": top_up_form or AutoTopUpForm.of(top_up),
        "spent_this_month_nano": auto_topup.spent_this_month_nano(account, now),
    }
    return _may_lead_to_stripe(render(request, "account/credits.html", context, status=status))


def _buying(form: PurchaseForm, answer: Answer) -> dict[str, Any]:
    """Of the form and its fragment."""
    shown: Quote | None = None
    if not form.is_bound:
        shown = default_quote()
    elif form.is_valid():
        shown = form.quote
    choices = credit_words.choices(shown)
    return {
        "mode": mode().value,
        "form": form,
        "choices": choices,
        "bounds": credit_words.bounds(),
        "quote": shown,
        "amount_text": format_amount(shown.amount_nano) if shown else "",
        "total_text": format_amount(shown.total_nano) if shown else "",
        "own_text": "" if any(choice.is_chosen for choice in choices) else _own_text(form),
        "answer": answer,
        "answers_bought": answer.bought_by(shown.amount_nano) if shown else None,
    }


def _own_text(form: PurchaseForm) -> str:
    """As it was typed, or asked for by `?amount=`."""
    return str(form.data.get("own_amount") or form.data.get("amount") or "")


@never_cache
@login_required
@require_safe
def quoted(request: HttpRequest) -> HttpResponse:
    """The fragment that says what the chosen amount costs, while one chooses."""
    answer = purchasing_power.usual_answer(user_of(request))
    context = _buying(PurchaseForm(request.GET), answer)
    response = render(request, "account/_quote.html", context | {"is_fragment": True})
    patch_vary_headers(response, ["HX-Request"])
    return response


@never_cache
@recently_authenticated(form_page="pages:credits")
@require_POST
def pay(request: HttpRequest) -> HttpResponse:
    """Begin the payment and go where it is paid; sent twice, it is the same payment."""
    user, form = user_of(request), PurchaseForm(request.POST)
    if not form.is_valid():
        return overview(request, user, form, status=400)
    if not form.is_as_shown:
        context = _buying(form, purchasing_power.usual_answer(user))
        return _may_lead_to_stripe(render(request, "account/credits_review.html", context))
    try:
        with said_in_our_words(_AGAIN):
            row = purchase.begin(
                user.pk,
                account_id(user),
                form.quote.amount_nano,
                saves_card=form.cleaned_data["save_card"],
                idempotency_key=form.key(),
            )
    except ApiError as error:
        return overview(request, user, form, problem=error.message, status=error.code)
    return _onward(request, row)


def _onward(request: HttpRequest, row: Checkout) -> HttpResponse:
    """Where it is paid, or, when it was already, what became of it."""
    if row.state != Checkout.State.PENDING:
        return redirect("pages:payment", row.id)
    if row.kind == Checkout.Kind.TEST:
        return redirect("billing:payment-test", row.id)
    if _origin(row.url) in _stripe_origins() or _host(row.url).endswith(_STRIPE_HOST):
        return HttpResponseRedirect(row.url, status=303)
    # Stripe's page may have a domain of the operator's own. A form must not be redirected to what
    # the page's policy does not name, but a link may lead anywhere.
    return render(request, "account/credits_onward.html", {"payment": row})


def _may_lead_to_stripe(response: HttpResponse) -> HttpResponse:
    """Browsers hold a form's policy against the redirect that answers it."""
    response._csp_update = {"form-action": _stripe_origins()}  # type: ignore[attr-defined]
    return response


def _stripe_origins() -> list[str]:
    other = [_origin(settings.STRIPE_API_BASE)] if settings.STRIPE_API_BASE else []
    return [f"https://*{_STRIPE_HOST}", *other]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
