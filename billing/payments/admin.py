"""Payments in Django's admin: to read."""

from __future__ import annotations

from django.contrib import admin

from billing.admin import ReadOnlyAdmin, dollars_column
from billing.models import AutoTopUp, Checkout, PaymentDispute, PaymentRefund, WebhookEvent


@admin.register(Checkout)
class CheckoutAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "user", dollars_column("amount_nano"), dollars_column("fee_nano"), "kind", "state",
        dollars_column("refunded_nano"), dollars_column("disputed_nano"), "failure", "created_at",
    )  # fmt: skip
    list_filter = ("kind", "state")
    list_select_related = ("user",)
    search_fields = ("id", "session_id", "payment_intent_id", "account_id", "user__email")
    ordering = ("-created_at",)


@admin.register(PaymentRefund)
class PaymentRefundAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "checkout", "user", dollars_column("amount_nano"), "state", "failure", "created_at",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("user", "checkout")
    search_fields = ("id", "checkout__id", "stripe_refund_id", "user__email")
    ordering = ("-created_at",)


@admin.register(PaymentDispute)
class PaymentDisputeAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "checkout", "account_id", dollars_column("amount_nano"), "state", "released",
        "reason", "created_at",
    )  # fmt: skip
    list_filter = ("state", "released")
    list_select_related = ("checkout",)
    search_fields = ("id", "checkout__id", "account_id")
    ordering = ("-created_at",)


@admin.register(AutoTopUp)
class AutoTopUpAdmin(ReadOnlyAdmin):
    list_display = (
        "user", "enabled", dollars_column("threshold_nano"), dollars_column("amount_nano"),
        dollars_column("monthly_cap_nano"), "failures", "disabled_reason",
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
