"""Pages of the admin that move money or set limits. They act through billing.operator and
billing.key_limits, and nothing else; the rows themselves stay read-only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.forms import DollarsField, ReasonField
from accounts.models import ApiKey, User
from billing import operator
from billing.balances import as_of
from billing.book import USER_PREFIX
from billing.key_limits import set_limit
from billing.models import Account, Generation, KeyBudget
from billing.refusals import LedgerError, RefundTooLarge, TransferConflict
from openrouter_site.database import OUTAGES
from openrouter_site.money import format_amount

GRANT, PAID, CORRECTION = "grant", "paid", "correction"
_KINDS = (
    (GRANT, "Grant: a present"),
    (PAID, "Grant: the user paid by other means"),
    (CORRECTION, "Correction, up or (with a minus) down"),
)


def _new_key() -> str:
    return uuid.uuid4().hex


class _Once(forms.Form):
    """Sent twice, it acts once."""

    reason = ReasonField()
    idempotency_key = forms.CharField(widget=forms.HiddenInput, initial=_new_key)


class MoneyForm(_Once):
    kind = forms.ChoiceField(choices=_KINDS)
    amount_nano = DollarsField(label="Amount $", is_signed=True)
    field_order = ("kind", "amount_nano", "reason")


class RefundForm(_Once):
    amount_nano = DollarsField(label="Amount $")
    field_order = ("amount_nano", "reason")


class LimitForm(forms.Form):
    limit_nano = DollarsField(label="Limit $", required=False, help_text="Empty: no limit.")
    period = forms.ChoiceField(
        label="Resets", choices=KeyBudget.Period.choices, required=False,
        help_text="At 00:00 UTC of each day, Monday, or first of the month.",
    )  # fmt: skip
    reason = ReasonField()


def money(request: HttpRequest, account_id: str) -> HttpResponse:
    """Grant or correct credits of `user:<id>`."""
    _demand(request, "billing.add_transfer")
    user = _user_of(account_id)
    account = Account.objects.filter(pk=account_id).first() or Account(pk=account_id)
    form = MoneyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        common: dict[str, Any] = {
            "reason": asked["reason"],
            "actor": request.user.get_username(),
            "idempotency_key": asked["idempotency_key"],
        }

        def act() -> operator.Done:
            if asked["kind"] == CORRECTION:
                return operator.correct(user, asked["amount_nano"], **common)
            paid = asked["kind"] == PAID
            return operator.grant(user, asked["amount_nano"], paid=paid, **common)

        if _did(request, form, act):
            return redirect("admin:billing_account_change", quote(account_id))
    posted, held = format_amount(account.posted_nano), format_amount(account.held_nano)
    facts = {"Account": user.email, "Credits $": posted, "of them held $": held}
    return _page(request, form, f"Credits of {user.email}", facts)


def refund(request: HttpRequest, generation_id: str) -> HttpResponse:
    """Give back what a generation cost, or a part of it."""
    _demand(request, "billing.add_transfer")
    generation = get_object_or_404(Generation, pk=generation_id)
    left_nano = operator.refundable_nano(generation)
    form = RefundForm(request.POST or None, initial={"amount_nano": max(0, left_nano)})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        did = _did(
            request,
            form,
            lambda: operator.refund_generation(
                generation_id,
                asked["amount_nano"],
                reason=asked["reason"],
                actor=request.user.get_username(),
                idempotency_key=asked["idempotency_key"],
            ),
        )
        if did:
            return redirect("admin:billing_generation_change", quote(generation_id))
    cost, left = format_amount(generation.cost_nano), format_amount(left_nano)
    facts = {"Generation": generation_id, "Cost $": cost, "not given back $": left}
    return _page(request, form, f"Refund {generation_id}", facts)


def limit(request: HttpRequest, key_id: int) -> HttpResponse:
    """See and set what a key may spend."""
    _demand(request, "accounts.change_apikey")
    key = get_object_or_404(ApiKey.objects.select_related("user"), pk=key_id)
    budget = KeyBudget.objects.filter(pk=key_id).first() or KeyBudget(pk=key_id)
    initial = {"limit_nano": budget.limit_nano, "period": budget.period}
    form = LimitForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        set_limit(
            key, asked["limit_nano"], asked["period"],
            actor=request.user.get_username(), reason=asked["reason"],
        )  # fmt: skip
        messages.success(request, "The limit is in force.")
        return redirect("admin:accounts_apikey_change", key_id)
    facts = {
        "Key": f"{key.name} ({key.label}) of {key.user.email}",
        "Spent in this period $": format_amount(as_of(budget, timezone.now()).spent_nano),
        "Spent in all $": format_amount(budget.spent_total_nano),
        "Held $": format_amount(budget.held_nano),
    }
    return _page(request, form, f"Limit of {key.label}", facts)


def _demand(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _user_of(account_id: str) -> User:
    number = account_id.removeprefix(USER_PREFIX)
    if not account_id.startswith(USER_PREFIX) or not number.isdecimal() or len(number) > 18:
        raise Http404
    return get_object_or_404(User, pk=int(number))


def _did(request: HttpRequest, form: forms.Form, act: Callable[[], operator.Done]) -> bool:
    """Act; what is refused is told in the form."""
    try:
        done = act()
    except operator.Refused as error:
        form.add_error(None, f"Refused: {error}.")
    except RefundTooLarge as error:
        form.add_error("amount_nano", f"${format_amount(max(0, error.left_nano))} is left.")
    except TransferConflict:
        form.add_error(None, "This form was sent before with something else. Open it anew.")
    except LedgerError as error:
        form.add_error(None, f"Refused: {type(error).__name__}.")
    except OUTAGES:
        form.add_error(None, "The ledger cannot be written right now. Send it again.")
    else:
        text = "Done" if done.is_new else "Done before, nothing changed"
        messages.success(request, f"{text}: {done.transfer_id}")
        return True
    return False


def _page(
    request: HttpRequest, form: forms.Form, title: str, facts: dict[str, str]
) -> HttpResponse:
    context = {
        **admin.site.each_context(request), "title": title, "form": form, "facts": facts,
    }  # fmt: skip
    return render(request, "admin/billing/operator_form.html", context)
