"""The rows of payments in memory, while they are locked: the part of a Book that
billing.payments.ledger works on. Pure, standard library only; amounts are nano-dollars."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

STRIPE_CLEARING = "stripe_clearing"
TEST_PAYMENTS = "test_payments"
FEES = "fees"


@dataclass(slots=True)
class CheckoutRow:
    """A row of billing.payments.models.Checkout, as far as money is concerned."""

    id: str
    account_id: str
    kind: str
    state: str
    amount_nano: int
    fee_nano: int = 0
    refunded_nano: int = 0
    disputed_nano: int = 0
    payment_intent_id: str | None = None
    paid_at: datetime | None = None

    @property
    def refundable_nano(self) -> int:
        """Credits of it that did not go back yet."""
        return self.amount_nano - self.refunded_nano - self.disputed_nano


@dataclass(slots=True)
class RefundRow:
    id: str
    checkout_id: str
    amount_nano: int
    fee_nano: int
    state: str


@dataclass(slots=True)
class DisputeRow:
    id: str
    checkout_id: str
    account_id: str
    amount_nano: int
    fee_nano: int
    state: str
    released: bool

    @property
    def freezes(self) -> bool:
        return self.state in ("open", "lost") and not self.released


@dataclass(slots=True)
class PaymentRows:
    """Locked rows by id. All of them are written back; `frozen` are accounts to be too."""

    checkouts: dict[str, CheckoutRow] = field(default_factory=dict)
    refunds: dict[str, RefundRow] = field(default_factory=dict)
    disputes: dict[str, DisputeRow] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
