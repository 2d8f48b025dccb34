"""Somebody buys credits: whether any are sold here, how often one may begin, and the payment."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

from billing.models import Checkout
from billing.payments import checkout
from billing.payments.money import Mode, mode
from billing.payments.refusal_words import MANUAL
from openrouter_site.errors import Forbidden, TooManyRequests

BEGUN_PER_HOUR_MAX = 60


def digest_of(*parts: object) -> str:
    """What makes two requests the same, however they were written."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def require_shop() -> None:
    """Raises Forbidden where only an operator gives credits."""
    if mode() is Mode.MANUAL:
        raise Forbidden(MANUAL)


def begin(
    user_id: int, account_id: str, amount_nano: int, *, saves_card: bool,
    idempotency_key: str | None,
) -> Checkout:  # fmt: skip
    """`checkout.begin` for who may; the same key gives the same payment, however often.

    Raises Forbidden, TooManyRequests, and what `checkout.begin` does.
    """
    require_shop()
    _not_too_many(user_id, idempotency_key)
    return checkout.begin(
        user_id,
        account_id,
        amount_nano,
        saves_card=saves_card,
        idempotency_key=idempotency_key,
        request_sha=digest_of(account_id, amount_nano, saves_card),
    )


def _not_too_many(user_id: int, idempotency_key: str | None) -> None:
    rows = Checkout.objects.filter(user_id=user_id)
    if idempotency_key is not None and rows.filter(idempotency_key=idempotency_key).exists():
        return
    recent = rows.filter(created_at__gt=datetime.now(UTC) - timedelta(hours=1))
    if recent.count() >= BEGUN_PER_HOUR_MAX:
        raise TooManyRequests(
            f"More than {BEGUN_PER_HOUR_MAX} payments were begun in an hour. Try again later.",
            retry_after_s=600,
        )
