"""Credits in: grants to users, as transfers that happen once."""

from __future__ import annotations

import uuid

from accounts.models import User
from billing.book import PROMO, USER_PREFIX
from billing.ledger import Transfer
from billing.writer import run_now


def account_id(user: User) -> str:
    return f"{USER_PREFIX}{user.pk}"


def grant(user: User, amount_nano: int, reason: str, *, grant_id: str = "") -> bool:
    """Give credits. A `grant_id` makes repetitions harmless: False when it was given before.

    Raises billing.ledger.TransferConflict when this id gave something else.
    """
    done: bool = run_now(
        Transfer(
            transfer_id=f"grant:{grant_id or uuid.uuid4().hex}",
            debit=PROMO,
            credit=account_id(user),
            amount_nano=amount_nano,
            kind="grant",
            ref=account_id(user),
            reason=reason,
        )
    )
    return done
