"""Pages of people. Names are in navigation.py where a menu leads to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from pages import auto_top_up, credit_history, credits, landing, payments, styleguide, theme

app_name = "pages"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("theme", theme.choose, name="theme"),
    path("settings/credits", credits.credits, name="credits"),
    path("settings/credits/quote", credits.quoted, name="credits-quote"),
    path("settings/credits/pay", credits.pay, name="credits-pay"),
    path("settings/credits/auto-top-up", auto_top_up.auto_top_up, name="auto-top-up"),
    path("settings/credits/history", credit_history.credit_history, name="credits-history"),
    path("settings/credits/statement", credit_history.statement, name="credits-statement"),
    path("settings/credits/payments", payments.payments, name="payments"),
    path("settings/credits/payments/<slug:payment_id>", payments.payment, name="payment"),
    path("settings/credits/payments/<slug:payment_id>/refund", payments.refund, name="refund"),
]
if settings.DEBUG:
    urlpatterns.append(path("_styleguide", styleguide.show, name="styleguide"))
