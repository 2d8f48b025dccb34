"""Stripe's webhook, and the pages people come back to from Stripe."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.balances import account_row
from billing.models import Checkout
from billing.payments import checkout, webhook
from billing.payments.money import Mode, mode
from billing.payments.stripe_client import Refused, StripeDown
from openrouter_site.database import OUTAGES
from openrouter_site.errors import ApiError, BadRequest, PayloadTooLarge, Unavailable

logger = logging.getLogger(__name__)

_EVENT_BYTES_MAX = 1024 * 1024
# A bank may take days; a page that is left open must not ask Stripe all that time.
_POLL_S, _POLL_S_MAX = 2, 60
_ID = re.compile(r"[A-Za-z0-9_]{1,128}")


def _answer(error: ApiError) -> JsonResponse:
    return JsonResponse(error.body(), status=error.code, headers=error.headers())


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> JsonResponse:
    """200 for what is done, repeated or not for us; 400 for what is not from Stripe; 503 when it
    must come again."""
    if len(request.body) > _EVENT_BYTES_MAX:
        return _answer(PayloadTooLarge(f"An event has {_EVENT_BYTES_MAX} bytes at most."))
    try:
        outcome = webhook.receive(request.body, request.headers.get("Stripe-Signature"))
    except webhook.BadEvent as error:
        return _answer(BadRequest(str(error)))
    except (StripeDown, *OUTAGES):
        return _answer(Unavailable("This cannot be done right now.", retry_after_s=5))
    return JsonResponse({"outcome": outcome})


# --- Pages -------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    response = render(request, f"billing/{template}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["HX-Request"])
    return response


def _payment_page(request: HttpRequest, row: Checkout | None) -> HttpResponse:
    """What became of a payment. Whoever has its id, which cannot be guessed, may see that; what is
    in the account, only its owner."""
    if row is None:
        return _page(request, "unknown_payment", {}, status=404)
    context: dict[str, Any] = {"payment": row, "balance_nano": _balance_nano(request, row)}
    if row.state == Checkout.State.PENDING and row.kind != Checkout.Kind.TEST:
        times = _number(request.GET.get("asked", ""))
        query = urlencode({"session_id": row.session_id or "", "asked": times + 1})
        context["poll_s"] = min(_POLL_S * (1 + times), _POLL_S_MAX)
        context["poll_address"] = f"{request.path}?{query}"
    return _page(request, "_payment" if "HX-Request" in request.headers else "payment", context)


def _balance_nano(request: HttpRequest, row: Checkout) -> int | None:
    if request.user.pk != row.user_id:
        return None
    account = account_row(row.account_id)
    return account.posted_nano - account.held_nano


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else 0


@require_safe
def success(request: HttpRequest) -> HttpResponse:
    """Back from Stripe. The same function as the webhook's credits, whoever of both is first."""
    session_id = request.GET.get("session_id", "")
    row = None
    if _ID.fullmatch(session_id):
        try:
            row = checkout.look_at(session_id)
        except (StripeDown, Refused, *OUTAGES):
            row = Checkout.objects.filter(session_id=session_id).first()
    return _payment_page(request, row)


@require_safe
def cancel(request: HttpRequest) -> HttpResponse:
    """Back from Stripe without having paid."""
    return _page(request, "cancelled", {})


@require_http_methods(["GET", "HEAD", "POST"])
def test_payment(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Stripe's page of a demonstration: a button, and no money moves."""
    row = None
    if mode() is Mode.TEST and _ID.fullmatch(payment_id):
        row = Checkout.objects.filter(pk=payment_id, kind=Checkout.Kind.TEST).first()
        if row is not None and request.method == "POST":
            checkout.pay_test(payment_id)
            # So that loading the page again sends nothing again.
            return HttpResponseRedirect(request.path, status=303)
    return _payment_page(request, row)
