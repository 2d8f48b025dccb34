"""Rows of money. Only `billing.writer` changes accounts, budgets, holds and transfers.

Amounts are nano-dollars in 64-bit integers. Every rule that a database can hold, it holds.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import ApiKey, Member
from billing.late_hour_row import LateHour as LateHour
from billing.payments.models import (
    AutoTopUp as AutoTopUp,
)
from billing.payments.models import (
    Checkout as Checkout,
)
from billing.payments.models import (
    PaymentDispute as PaymentDispute,
)
from billing.payments.models import (
    PaymentRefund as PaymentRefund,
)
from billing.payments.models import (
    WebhookEvent as WebhookEvent,
)


class Account(models.Model):
    """The credits of one user: `user:<id>`. System accounts (revenue, ...) have no row: nobody
    checks their balance before it moves, so it is the sum of their transfers."""

    id = models.CharField(primary_key=True, max_length=40)
    posted_nano = models.BigIntegerField(default=0)
    held_nano = models.BigIntegerField(default=0)
    frozen = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(held_nano__gte=0), name="account_held_not_negative")
        ]

    def __str__(self) -> str:
        return self.id


class Budget(models.Model):
    """What was spent and may be spent. No row yet = nothing spent, no limit.

    `spent_nano` counts in the current period (for ever when `period` is empty),
    `spent_total_nano` always. A limit may be set below what is spent: it then admits nothing.
    """

    class Period(models.TextChoices):
        NONE = "", "never resets"
        DAILY = "daily"
        WEEKLY = "weekly"
        MONTHLY = "monthly"

    limit_nano = models.BigIntegerField(null=True, blank=True)
    period = models.CharField(max_length=8, blank=True, default=Period.NONE, choices=Period.choices)
    period_start = models.DateField(null=True, blank=True)
    spent_nano = models.BigIntegerField(default=0)
    spent_total_nano = models.BigIntegerField(default=0)
    held_nano = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class KeyBudget(Budget):
    """What one key has spent and may spend."""

    key = models.OneToOneField(
        ApiKey, primary_key=True, on_delete=models.CASCADE, related_name="budget"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(held_nano__gte=0), name="budget_held_not_negative"),
            models.CheckConstraint(
                condition=Q(limit_nano__isnull=True) | Q(limit_nano__gte=0),
                name="budget_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"budget of key {self.key_id}"


class MemberBudget(Budget):
    """What a member has spent and may spend of the account's credits, with all keys together."""

    member = models.OneToOneField(
        Member, primary_key=True, on_delete=models.CASCADE, related_name="budget"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(held_nano__gte=0), name="member_budget_held_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(limit_nano__isnull=True) | Q(limit_nano__gte=0),
                name="member_budget_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"budget of member {self.member_id}"


class Hold(models.Model):
    """Credits set aside for one generation, whose id it bears, until it is settled."""

    class State(models.TextChoices):
        OPEN = "open"
        CAPTURED = "captured"
        VOIDED = "voided"
        RECOVERED = "recovered"

    id = models.CharField(primary_key=True, max_length=40)
    account_id = models.CharField(max_length=40)
    key_id = models.BigIntegerField()
    period_start = models.DateField(null=True)
    member_period_start = models.DateField(
        null=True, help_text="The period of the member's budget; `period_start` is the key's."
    )
    amount_nano = models.BigIntegerField()
    progress_nano = models.BigIntegerField(
        default=0, help_text="Cost of what was delivered so far; what recovery charges."
    )
    progress_tokens = models.IntegerField(default=0)
    charged_nano = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    details = models.TextField(help_text="JSON: the generation as known when it began.")
    instance_id = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_nano__gt=0), name="hold_amount_positive"),
            models.CheckConstraint(
                condition=Q(progress_nano__gte=0) & Q(charged_nano__gte=0),
                name="hold_progress_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=["instance_id"], condition=Q(state="open"), name="hold_open_by_instance"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class Transfer(models.Model):
    """Money moved, once, for ever: triggers refuse UPDATE, DELETE and TRUNCATE.

    `id` is made from what caused it (`cap:<generation>`), so a repetition is refused by the key.
    """

    class Kind(models.TextChoices):
        CAPTURE = "capture"
        ADJUST = "adjust"
        OVERRUN = "overrun"
        GRANT = "grant"
        CORRECTION = "correction"
        REFUND = "refund"
        REVERSAL = "reversal"
        TOP_UP = "top_up"
        FEE = "fee"
        TEST = "test", "test payment"
        PAY_REFUND = "pay_refund", "payment refund"
        DISPUTE = "dispute"

    id = models.CharField(primary_key=True, max_length=64)
    debit = models.CharField(max_length=40, db_index=True)
    credit = models.CharField(max_length=40, db_index=True)
    amount_nano = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    ref = models.CharField(max_length=64, db_index=True)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(
        max_length=120, blank=True, db_default="", help_text="Who made it, if a person did."
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_nano__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_two_accounts"),
        ]

    def __str__(self) -> str:
        return self.id


class Generation(models.Model):
    """What happened to one request. Prompt and answer are never part of it."""

    class UsageSource(models.TextChoices):
        UPSTREAM = "upstream"
        LOCAL = "local"

    id = models.CharField(primary_key=True, max_length=40)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="generations",
        db_index=False,  # the index by user and time below begins with it
    )
    key = models.ForeignKey(
        ApiKey,
        null=True,
        on_delete=models.SET_NULL,
        related_name="generations",
        db_index=False,  # likewise
    )
    created_at = models.DateTimeField()
    model = models.CharField(max_length=128)
    provider_name = models.CharField(max_length=64, blank=True)
    upstream_id = models.CharField(max_length=128, blank=True)
    app_referer = models.CharField(max_length=512, blank=True)
    app_title = models.CharField(max_length=128, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    streamed = models.BooleanField()
    cancelled = models.BooleanField(default=False)
    cost_nano = models.BigIntegerField()
    usage_source = models.CharField(max_length=8, choices=UsageSource.choices)
    tokens_prompt = models.IntegerField()
    tokens_completion = models.IntegerField()
    native_tokens_prompt = models.IntegerField()
    native_tokens_completion = models.IntegerField()
    native_tokens_reasoning = models.IntegerField(default=0)
    native_tokens_cached = models.IntegerField(default=0)
    num_media_prompt = models.IntegerField(null=True)
    num_media_completion = models.IntegerField(null=True)
    finish_reason = models.CharField(max_length=16, blank=True)
    native_finish_reason = models.CharField(max_length=64, blank=True)
    latency_ms = models.IntegerField(null=True, help_text="Until the first content.")
    generation_time_ms = models.IntegerField(null=True, help_text="From there to the end.")
    attempts = models.TextField(
        default="[]", help_text="JSON: each endpoint tried, with status and milliseconds."
    )
    parameters = models.TextField(
        default="", blank=True, help_text="JSON: the sampling parameters the caller sent, if any."
    )
    is_byok = models.BooleanField(
        "own key",
        default=False,
        db_default=False,
        help_text="Made with the user's own key at the provider.",
    )
    upstream_cost_nano = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="With an own key: what the provider charges for it by list price.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_nano__gte=0), name="generation_cost_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(upstream_cost_nano__gte=0), name="generation_upstream_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "created_at"], name="generation_by_user"),
            models.Index(fields=["key", "created_at"], name="generation_by_key"),
            models.Index(fields=["model", "created_at"], name="generation_by_model"),
            models.Index(
                fields=["key", "created_at"],
                condition=Q(is_byok=True),
                name="generation_by_own_key",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class Instance(models.Model):
    """A running server process, alive while `last_seen` (the database's clock) is recent."""

    id = models.CharField(primary_key=True, max_length=40)
    last_seen = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class LedgerCheck(models.Model):
    """What a check of the whole ledger found (billing.verify), by the database's clock."""

    finished_at = models.DateTimeField(db_index=True)
    errors = models.PositiveIntegerField(help_text="Differences: the books do not balance.")
    warnings = models.PositiveIntegerField(help_text="They balance, and somebody should look.")

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M} {self.errors} errors"
