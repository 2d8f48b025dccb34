"""Payments of one's own account: the list, a receipt to print, and credits back."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.reauthentication import recently_authenticated
from accounts.signed_in import user_of
from billing.credits import account_id
from billing.models import Checkout, PaymentRefund
from billing.payments import listing, refundable, refunds
from billing.payments.listing import Payment
from billing.payments.purchase import digest_of
from billing.payments.refusal_words import said_in_our_words
from billing.standing import standing
from openrouter_site.errors import ApiError
from openrouter_site.money import format_amount
from pages import credit_words
from pages.credit_forms import RefundForm

_PAGE_ROWS = 25
_AGAIN = "The refund goes on by itself as soon as it does."


@never_cache
@login_required
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    user = user_of(request)
    rows = listing.of_account(user.pk, account_id(user))
    page = Paginator(rows, _PAGE_ROWS).get_page(request.GET.get("page"))
    found = listing.with_what_came_after(page.object_list)
    context = {"tabs": credit_words.tabs(), "page": page, "payments": found}
    return render(request, "account/payments.html", context)


@never_cache
@login_required
@require_safe
def payment(request: HttpRequest, payment_id: str) -> HttpResponse:
    """All figures of one, as it may be printed."""
    user = user_of(request)
    found = _own(user, payment_id)
    context = {
        "payment": found,
        "row": found.row,
        "refundable": refundable.of(found.row, standing(user)),
        "site_url": settings.SITE_URL,
    }
    return render(request, "account/payment.html", context)


@never_cache
@recently_authenticated()
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: HttpRequest, payment_id: str) -> HttpResponse:
    """The step between: how much goes back, and what that means."""
    user = user_of(request)
    found = _own(user, payment_id)
    may = refundable.of(found.row, standing(user))
    form = RefundForm(may.amount_nano, request.POST if request.method == "POST" else None)
    problem, status = "", 200
    if form.is_bound:
        if form.is_valid():
            try:
                return _refunded(request, found.row, form)
            except ApiError as error:
                problem, status = error.message, error.code
        else:
            status = 400
    context = {
        "payment": found, "row": found.row, "refundable": may, "form": form, "problem": problem,
    }  # fmt: skip
    return render(request, "account/refund.html", context, status=status)


def _refunded(request: HttpRequest, row: Checkout, form: RefundForm) -> HttpResponse:
    """Raises ApiError. Sent twice, it is the same refund."""
    amount_nano = form.cleaned_data["amount"]
    with said_in_our_words(_AGAIN):
        made = refunds.begin(
            row,
            amount_nano,
            idempotency_key=f"page:{form.cleaned_data['token']}:{format_amount(amount_nano)}",
            request_sha=digest_of(row.id, amount_nano),
        )
    if made.state == PaymentRefund.State.FAILED:
        messages.error(request, f"Not refunded, and your credits are back. {made.failure}")
    elif made.state == PaymentRefund.State.SUCCEEDED:
        messages.success(request, f"${format_amount(amount_nano)} go back to your card.")
    else:
        messages.info(request, f"${format_amount(amount_nano)} go back; the bank is being asked.")
    return redirect("pages:payment", row.id)


def _own(user: User, payment_id: str) -> Payment:
    """Another user's is not found."""
    rows = listing.of_account(user.pk, account_id(user)).filter(pk=payment_id)
    found = listing.with_what_came_after(rows)
    if not found:
        raise Http404
    return found[0]
