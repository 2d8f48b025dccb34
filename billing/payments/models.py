"""Rows of payments: what somebody is to pay, what Stripe told us, what went back.

Only `billing.payments.ledger` moves the money and changes `state`, `refunded_nano` and
`disputed_nano` of what was paid, in the transaction of the transfers. Amounts are nano-dollars.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Checkout(models.Model):
    """One payment for credits. Its transfers are `top:<id>` and, with a fee, `fee:<id>`.

    `amount_nano` are the credits, `fee_nano` comes on top of them; both are whole cents.
    """

    class Kind(models.TextChoices):
        CHECKOUT = "checkout", "on Stripe's page"
        AUTO = "auto", "automatic, by a saved card"
        TEST = "test", "test payment, no money moved"

    class State(models.TextChoices):
        PENDING = "pending"
        PAID = "paid"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="checkouts"
    )
    account_id = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    amount_nano = models.BigIntegerField()
    fee_nano = models.BigIntegerField(default=0)
    refunded_nano = models.BigIntegerField(default=0)
    disputed_nano = models.BigIntegerField(default=0)
    session_id = models.CharField(max_length=128, null=True, unique=True)
    payment_intent_id = models.CharField(max_length=128, null=True, unique=True)
    livemode = models.BooleanField(default=False)
    saves_card = models.BooleanField(default=False)
    url = models.TextField(blank=True, help_text="Stripe's page for this payment.")
    receipt_url = models.TextField(blank=True, help_text="Stripe's receipt.")
    failure = models.CharField(max_length=200, blank=True, help_text="Why it failed.")
    idempotency_key = models.CharField(max_length=255, null=True)
    request_sha = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_nano__gt=0) & Q(fee_nano__gte=0), name="checkout_amounts"
            ),
            models.CheckConstraint(
                condition=Q(refunded_nano__gte=0) & Q(disputed_nano__gte=0),
                name="checkout_given_back_not_negative",
            ),
            models.UniqueConstraint(
                fields=["user", "idempotency_key"], name="checkout_once_for_a_key"
            ),
            # At most one automatic payment is under way for an account.
            models.UniqueConstraint(
                fields=["account_id"],
                condition=Q(kind="auto", state="pending"),
                name="checkout_one_automatic",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(state="pending"), name="checkout_pending"
            )
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def total_nano(self) -> int:
        """What is paid."""
        return self.amount_nano + self.fee_nano


class PaymentRefund(models.Model):
    """Money that goes back for a checkout: asked for here, or made at Stripe by the operator.

    `requested` has moved nothing yet; `pending` is debited here and not yet confirmed by Stripe.
    The transfer is `ref:<id>`, and `unref:<id>` takes it back when Stripe refuses.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=48)
    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT, related_name="refunds")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount_nano = models.BigIntegerField(help_text="Taken from the account.")
    fee_nano = models.BigIntegerField(default=0, help_text="Taken from our fees.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    stripe_refund_id = models.CharField(max_length=128, null=True, unique=True)
    failure = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True)
    request_sha = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_nano__gt=0) & Q(fee_nano__gte=0), name="payment_refund_amounts"
            ),
            models.UniqueConstraint(
                fields=["user", "idempotency_key"], name="payment_refund_once_for_a_key"
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(state="pending"), name="payment_refund_pending"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class PaymentDispute(models.Model):
    """A payment that its payer's bank takes back. Open or lost, it freezes the account until it is
    `released` by the operator. The transfer is `dis:<id>`, and `undis:<id>` when it is won."""

    class State(models.TextChoices):
        NEW = "new"
        OPEN = "open"
        WON = "won"
        LOST = "lost"

    id = models.CharField(primary_key=True, max_length=48)
    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT, related_name="disputes")
    account_id = models.CharField(max_length=40, db_index=True)
    amount_nano = models.BigIntegerField(help_text="Taken from the account.")
    fee_nano = models.BigIntegerField(default=0, help_text="Taken from our fees.")
    state = models.CharField(max_length=4, choices=State.choices, default=State.NEW)
    released = models.BooleanField(default=False)
    reason = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_nano__gt=0) & Q(fee_nano__gte=0), name="payment_dispute_amounts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class AutoTopUp(models.Model):
    """Buy credits by a saved card when few are left. Off until its owner turns it on."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="auto_top_up",
    )
    account_id = models.CharField(max_length=40)
    enabled = models.BooleanField(default=False)
    threshold_nano = models.BigIntegerField(default=0)
    amount_nano = models.BigIntegerField(default=0)
    monthly_cap_nano = models.BigIntegerField(default=0)
    customer_id = models.CharField(max_length=128, blank=True)
    payment_method_id = models.CharField(max_length=128, blank=True)
    failures = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold_nano__gte=0)
                & Q(amount_nano__gte=0)
                & Q(monthly_cap_nano__gte=0),
                name="auto_top_up_amounts",
            )
        ]

    def __str__(self) -> str:
        return f"auto top-up of {self.account_id}"


class WebhookEvent(models.Model):
    """An event with a valid signature. What is `done` or `ignored` is not looked at again."""

    class State(models.TextChoices):
        RECEIVED = "received"
        DONE = "done"
        IGNORED = "ignored"

    id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=80)
    sha = models.CharField(max_length=64, help_text="SHA-256 of its type and object.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RECEIVED)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.id} {self.type}"
