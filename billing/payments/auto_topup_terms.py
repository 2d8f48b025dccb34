"""What the owner of an account asks of automatic top-ups: turned on within terms, or off."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from billing.models import AutoTopUp
from billing.payments.money import Mode, maximum_nano, minimum_nano, mode, nano_of_cents, quote
from billing.payments.refusal_words import MANUAL
from openrouter_site.errors import BadRequest, Conflict, Forbidden

CAP_MAX_NANO = nano_of_cents(100_000_000)


class CapTooSmall(BadRequest):
    """Not even one top-up fits in a month."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Below `threshold`, buy `amount`, and in a UTC month never more than `monthly_cap`."""

    threshold_nano: int
    amount_nano: int
    monthly_cap_nano: int


def bounds() -> dict[str, tuple[int, int]]:
    """The least and the most that each of the terms may be."""
    return {
        "amount": (minimum_nano(), maximum_nano()),
        "threshold": (0, maximum_nano()),
        "monthly_cap": (0, CAP_MAX_NANO),
    }


def row_of(user_id: int, account_id: str) -> AutoTopUp:
    """As it is stored; off, and nothing in it, while nobody asked for it."""
    found = AutoTopUp.objects.filter(pk=user_id, account_id=account_id).first()
    return found or AutoTopUp(user_id=user_id, account_id=account_id)


def require_stripe() -> None:
    """Raises Forbidden where nobody can charge a card."""
    if mode() is not Mode.STRIPE:
        raise Forbidden(MANUAL)


def require_card(row: AutoTopUp) -> None:
    """Raises Conflict: without a saved card there is nothing to charge."""
    if not row.payment_method_id:
        raise Conflict(
            "There is no saved card. Pay once with save_payment_method: true, then turn it on."
        )


def turn_on(user_id: int, account_id: str, terms: Terms) -> AutoTopUp:
    """Past declines are forgotten. Raises Forbidden, Conflict or BadRequest."""
    require_stripe()
    with transaction.atomic():
        row = _locked(user_id, account_id)
        require_card(row)
        if terms.monthly_cap_nano < quote(terms.amount_nano).total_nano:
            raise CapTooSmall("monthly_cap is less than one top-up with its fee.")
        row.threshold_nano = terms.threshold_nano
        row.amount_nano = terms.amount_nano
        row.monthly_cap_nano = terms.monthly_cap_nano
        row.failures, row.next_attempt_at, row.disabled_reason = 0, None, ""
        row.enabled = True
        row.save()
    return row


def turn_off(user_id: int, account_id: str) -> AutoTopUp:
    """Always possible, also where nobody can pay any more."""
    with transaction.atomic():
        row = _locked(user_id, account_id)
        row.enabled = False
        row.save()
    return row


def _locked(user_id: int, account_id: str) -> AutoTopUp:
    row = AutoTopUp.objects.select_for_update().filter(pk=user_id).first()
    return row or AutoTopUp(user_id=user_id, account_id=account_id)
