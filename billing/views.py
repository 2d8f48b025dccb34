"""Stripe's webhook, and the pages people come back to from Stripe."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.models import Checkout
from billing.payments import checkout, webhook
from billing.payments.money import Mode, mode
from billing.payments.stripe_client import Refused, StripeDown
from openrouter_site.database import OUTAGES
from openrouter_site.errors import ApiError, BadRequest, PayloadTooLarge, Unavailable
from openrouter_site.money import format_amount

logger = logging.getLogger(__name__)

_EVENT_BYTES_MAX = 1024 * 1024
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
    nonce = secrets.token_urlsafe(16)
    common = {"site_name": settings.SITE_NAME, "nonce": nonce}
    response = render(request, f"billing/{template}.html", common | context, status=status)
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    response["Cache-Control"] = "no-store"
    return response


def _payment_page(request: HttpRequest, row: Checkout | None, *, is_asked: bool) -> HttpResponse:
    """What became of a payment. Whoever has its id, which cannot be guessed, may see that."""
    if row is None:
        return _page(request, "unknown_payment", {}, status=404)
    context = {
        "payment": row,
        "is_asked": is_asked,
        "amount": format_amount(row.amount_nano),
        "fee": format_amount(row.fee_nano),
        "total": format_amount(row.total_nano),
    }
    return _page(request, "payment", context)


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
    return _payment_page(request, row, is_asked=False)


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
            row = checkout.pay_test(payment_id)
    return _payment_page(request, row, is_asked=True)
