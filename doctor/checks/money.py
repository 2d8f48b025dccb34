"""The books, and how credits are paid for."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from billing import ledger_checks
from billing.models import WebhookEvent
from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import age_s, ago, count

AREA = "Money"
# It runs each night; a night may be long.
_CHECK_AGE_S_MAX = 26 * 3600
_EVENT_AGE_MAX = timedelta(minutes=15)
_NOW = "Run it now: manage.py verify_ledger."


def ledger(visit: Visit | None) -> Verdict:
    latest = ledger_checks.latest()
    if latest is None:
        return warn("The ledger was never checked.", f"The worker does it each night. {_NOW}")
    since_s = age_s(latest.finished_at)
    if latest.errors:
        return bad(
            f"The books do not balance: {count(latest.errors, 'difference', 'differences')},"
            f" {ago(since_s)}.",
            "manage.py verify_ledger shows them, with --account one account's transfers.",
        )
    if since_s > _CHECK_AGE_S_MAX:
        return warn(f"The last check of the ledger was {ago(since_s)}.", _NOW)
    text = f"Every nano-dollar had its explanation {ago(since_s)}"
    if latest.warnings:
        return warn(
            f"{text}, with {count(latest.warnings, 'warning', 'warnings')}.",
            "manage.py verify_ledger shows them.",
        )
    return ok(f"{text}.")


def stripe(visit: Visit | None) -> Verdict:
    key = settings.STRIPE_SECRET_KEY
    if not key:
        if settings.PRODUCTION:
            return ok("Not configured: credits are granted by the operator only.")
        return ok("Not configured: payments are tests that move no money.")
    if settings.STRIPE_API_BASE:
        return warn("Payments go to another Stripe (STRIPE_API_BASE).", "For tests only.")
    if settings.PRODUCTION and "_test_" in key:
        return warn("STRIPE_SECRET_KEY is of Stripe's test mode.", "Set the live one: sk_live_...")
    return ok("Payments go through Stripe.")


def webhook(visit: Visit | None) -> Verdict:
    if not settings.STRIPE_SECRET_KEY:
        return ok("Not configured.")
    since = timezone.now() - _EVENT_AGE_MAX
    received = WebhookEvent.State.RECEIVED
    left = WebhookEvent.objects.filter(state=received, received_at__lt=since).count()
    if left:
        return warn(
            f"{count(left, 'event of Stripe was', 'events of Stripe were')} received and not dealt"
            " with.",
            "Stripe sends them again; the log says what failed.",
        )
    last = WebhookEvent.objects.order_by("-received_at").first()
    if last is None:
        return warn(
            "Stripe has told us nothing yet.",
            f"Add {settings.SITE_URL}/webhooks/stripe to Stripe's webhooks (docs/payments.md).",
        )
    return ok(f"Stripe's last event came {ago(age_s(last.received_at))}.")


CHECKS = (
    Check("money.ledger", AREA, "Ledger", ledger),
    Check("money.stripe", AREA, "Payments", stripe),
    Check("money.webhook", AREA, "Stripe's events", webhook),
)
