"""The payments of an account as it may be told of them: where each stands, what went back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from billing.models import Checkout, PaymentDispute, PaymentRefund


@dataclass(slots=True)
class Payment:
    """`disputes` by the payer's bank; `refunds` that were carried out or are to be."""

    row: Checkout
    refunds: list[PaymentRefund] = field(default_factory=list)
    disputes: list[PaymentDispute] = field(default_factory=list)

    @property
    def state(self) -> str:
        return state_of(self.row)


def state_of(row: Checkout) -> str:
    """pending, failed, credited; disputed, refunded or partly_refunded once it was."""
    if row.state != Checkout.State.PAID:
        return row.state
    if row.disputed_nano:
        return "disputed"
    if row.refunded_nano:
        return "refunded" if row.refunded_nano >= row.amount_nano else "partly_refunded"
    return "credited"


def of_account(user_id: int, account_id: str) -> QuerySet[Checkout]:
    """Newest first."""
    rows = Checkout.objects.filter(user_id=user_id, account_id=account_id)
    return rows.order_by("-created_at", "-id")


def with_what_came_after(rows: Iterable[Checkout]) -> list[Payment]:
    """Two queries, however many they are."""
    listed = list(rows)
    refunds: dict[str, list[PaymentRefund]] = defaultdict(list)
    disputes: dict[str, list[PaymentDispute]] = defaultdict(list)
    ids = [row.id for row in listed]
    moved = PaymentRefund.objects.filter(checkout_id__in=ids).exclude(
        state=PaymentRefund.State.REQUESTED
    )
    for refund in moved.order_by("created_at", "id"):
        refunds[refund.checkout_id].append(refund)
    for dispute in PaymentDispute.objects.filter(checkout_id__in=ids).order_by("created_at", "id"):
        disputes[dispute.checkout_id].append(dispute)
    return [Payment(row, refunds[row.id], disputes[row.id]) for row in listed]
