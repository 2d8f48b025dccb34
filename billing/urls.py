"""Pages and hooks of payments; the API's paths are in api.urls."""

from __future__ import annotations

from django.urls import path

from billing import views

app_name = "billing"

urlpatterns = [
    path("webhooks/stripe", views.stripe_webhook, name="stripe-webhook"),
    path("payments/success", views.success, name="payment-success"),
    path("payments/cancel", views.cancel, name="payment-cancel"),
    path("payments/test/<str:payment_id>", views.test_payment, name="payment-test"),
]
