"""Payments in Django's admin: to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models

from billing.admin import ReadOnlyAdmin
from billing.models import AutoTopUp, Checkout, PaymentDispute, PaymentRefund, WebhookEvent
from openrouter_site.money import format_amount


def _dollars(name: str) -> Any:
    @admin.display(description=f"{name.removesuffix('_nano').replace('_', ' ')} $", ordering=name)
    def column(row: models.Model) -> str:
        return format_amount(getattr(row, name))

    return column


@admin.register(Checkout)
class CheckoutAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "user", _dollars("amount_nano"), _dollars("fee_nano"), "kind", "state",
        _dollars("refunded_nano"), _dollars("disputed_nano"), "failure", "created_at",
    )  # fmt: skip
    list_filter = ("kind", "state")
    list_select_related = ("user",)
    search_fields = ("id", "session_id", "payment_intent_id", "account_id", "user__email")
    ordering = ("-created_at",)


@admin.register(PaymentRefund)
class PaymentRefundAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "checkout", "user", _dollars("amount_nano"), "state", "failure", "created_at",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("user", "checkout")
    search_fields = ("id", "checkout__id", "stripe_refund_id", "user__email")
    ordering = ("-created_at",)


@admin.register(PaymentDispute)
class PaymentDisputeAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "checkout", "account_id", _dollars("amount_nano"), "state", "released", "reason",
        "created_at",
    )  # fmt: skip
    list_filter = ("state", "released")
    list_select_related = ("checkout",)
    search_fields = ("id", "checkout__id", "account_id")
    ordering = ("-created_at",)


@admin.register(AutoTopUp)
class AutoTopUpAdmin(ReadOnlyAdmin):
    list_display = (
        "user", "enabled", _dollars("threshold_nano"), _dollars("amount_nano"),
        _dollars("monthly_cap_nano"), "failures", "disabled_reason",
    )  # fmt: skip
    list_filter = ("enabled",)
    list_select_related = ("user",)
    search_fields = ("user__email", "account_id")


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "type", "state", "received_at")
    list_filter = ("state", "type")
    search_fields = ("id",)
    ordering = ("-received_at",)
