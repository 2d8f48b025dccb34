"""Celery tasks of billing. They may run twice, late, or at the same time."""

from __future__ import annotations

import logging

from celery import shared_task

from billing import closing, low_balance, promo
from billing.alarm import raise_alarm
from billing.ledger_checks import note
from billing.payments import auto_topup, reconcile
from billing.prune import prune as prune_rows
from billing.verify import check

logger = logging.getLogger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def verify() -> None:
    """Nightly: does every nano-dollar have its explanation?"""
    differences = check()
    note(differences)
    raise_alarm(differences)


@shared_task  # type: ignore[untyped-decorator]
def prune() -> None:
    """Nightly: closed holds and dead instances."""
    holds, instances = prune_rows()
    logger.info("deleted %d closed holds and %d dead instances", holds, instances)


@shared_task  # type: ignore[untyped-decorator]
def look_for_low_balances() -> None:
    """Every few minutes."""
    low_balance.look()


@shared_task  # type: ignore[untyped-decorator]
def give_promo_credits() -> None:
    """Hourly, for the accounts that the ledger could not serve when they were made."""
    promo.welcome_all_new()


@shared_task  # type: ignore[untyped-decorator]
def top_up_automatically() -> None:
    """Every minute: buy credits for whoever asked for it and has few left."""
    auto_topup.run()


@shared_task  # type: ignore[untyped-decorator]
def reconcile_payments() -> None:
    """Every few minutes: what Stripe never told us of."""
    reconcile.run()


@shared_task  # type: ignore[untyped-decorator]
def scrub_closed_accounts() -> None:
    """Hourly: what the requests of people who left still say of them."""
    if done := closing.scrub_all():
        logger.info("%d closed accounts say nothing of their people any more", done)
