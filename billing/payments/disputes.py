"""A payer's bank takes a payment back: the credits leave and the account freezes until it is
settled (design/money.md, Refunds and disputes)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from billing.models import PaymentDispute
from billing.payments.checkout import paid_by
from billing.payments.ledger import Freeze, NoteDispute
from billing.payments.money import CURRENCY, nano_of_cents, share_of_total
from billing.payments.stripe_values import Dispute
from billing.writer import run_now

logger = logging.getLogger(__name__)

# `warning_*` is an inquiry and `prevented` never took money: the payment is still ours.
_OUTCOMES = {"needs_response": "open", "under_review": "open", "won": "won", "lost": "lost"}


def note(said: Dispute) -> bool:
    """What Stripe says of a dispute. False: it is not ours, or takes no money."""
    outcome = _OUTCOMES.get(said.status)
    checkout = paid_by(said.payment_intent_id) if outcome else None
    if outcome is None or checkout is None:
        return False
    if said.currency != CURRENCY:
        raise ValueError("currency of a dispute")
    amount_nano, fee_nano = share_of_total(
        nano_of_cents(said.amount_cents), checkout.amount_nano, checkout.total_nano
    )
    dispute, _ = PaymentDispute.objects.get_or_create(
        pk=said.id,
        defaults={
            "checkout": checkout,
            "account_id": checkout.account_id,
            "amount_nano": amount_nano,
            "fee_nano": fee_nano,
            "reason": said.reason[:64],
            "created_at": datetime.now(UTC),
        },
    )
    state = run_now(
        NoteDispute(
            account_id=checkout.account_id, checkout_id=checkout.id, dispute_id=dispute.id,
            outcome=outcome,
        )
    )  # fmt: skip
    logger.warning("dispute %s of payment %s is %s", dispute.id, checkout.id, state)
    return True


def freeze(account_id: str) -> bool:
    """By an operator. Whether that changed anything."""
    changed: bool = run_now(Freeze(account_id=account_id, frozen=True))
    return changed


def unfreeze(account_id: str) -> bool:
    """By an operator, after a lost dispute or in spite of an open one."""
    changed: bool = run_now(Freeze(account_id=account_id, frozen=False))
    return changed
