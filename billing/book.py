"""The rows of money in memory, while they are locked: pure, standard library only.

A batch of operations (billing.ledger) works on one Book; billing.batch fills it with locked rows
and writes back what changed. Amounts are nano-dollars.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from billing.payments.book import PaymentRows

REVENUE = "revenue"
OVERRUN = "overrun"
PROMO = "promo"
MANUAL = "manual"  # paid to the operator by other means: in cash, by bank transfer
CORRECTIONS = "corrections"
USER_PREFIX = "user:"


@dataclass(slots=True)
class AccountRow:
    """A user's account: what he has (`posted`), what is set aside of it (`held`)."""

    id: str
    posted_nano: int = 0
    held_nano: int = 0
    frozen: bool = False

    @property
    def available_nano(self) -> int:
        return self.posted_nano - self.held_nano


@dataclass(slots=True)
class BudgetRow:
    """What a key, or a member with all keys, may spend; `id` is the key's or the member's.

    `enabled` is the key's own state at this moment. A member's key counts in `member` too.
    """

    id: int
    enabled: bool = True
    limit_nano: int | None = None
    period: str = ""
    period_start: date | None = None
    spent_nano: int = 0
    spent_total_nano: int = 0
    held_nano: int = 0
    rolled: bool = False
    member: BudgetRow | None = None

    def each(self) -> Iterator[BudgetRow]:
        """All budgets that a request with this key must fit in."""
        yield self
        if self.member is not None:
            yield self.member

    @property
    def available_nano(self) -> int | None:
        """None when there is no limit; negative when the limit was lowered below what is spent."""
        if self.limit_nano is None:
            return None
        return self.limit_nano - self.spent_nano - self.held_nano

    def roll(self, now: datetime) -> None:
        """Begin the current period if the last one is over."""
        if is_over(self.period, self.period_start, now):
            self.period_start = period_start(self.period, now)
            self.spent_nano = 0
            self.rolled = True

    def count(self, charge_nano: int, period_start: date | None) -> None:
        """A charge; one from a period that is over does not burden the current one."""
        self.spent_total_nano += charge_nano
        if self.period_start == period_start:
            self.spent_nano = max(0, self.spent_nano + charge_nano)


@dataclass(slots=True)
class HoldRow:
    """A hold. `progress_*` is what was delivered so far, for recovery after a crash."""

    id: str
    account_id: str
    key_id: int
    amount_nano: int
    period_start: date | None = None
    member_period_start: date | None = None
    progress_nano: int = 0
    progress_tokens: int = 0
    charged_nano: int = 0
    state: str = "open"
    details: str = "{}"
    instance_id: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None

    def charged_budgets(self, budget: BudgetRow | None) -> Iterator[tuple[BudgetRow, date | None]]:
        """Each budget of its key with the period in which this hold was opened."""
        if budget is not None:
            yield budget, self.period_start
            if budget.member is not None:
                yield budget.member, self.member_period_start


@dataclass(slots=True, frozen=True)
class TransferRow:
    id: str
    debit: str
    credit: str
    amount_nano: int
    kind: str
    ref: str
    reason: str
    created_at: datetime
    actor: str = ""


_COUNT_MAX = 2**31 - 1
_COUNTS = (
    "tokens_prompt", "tokens_completion", "native_tokens_prompt", "native_tokens_completion",
    "native_tokens_reasoning", "native_tokens_cached", "num_media_prompt",
    "num_media_completion", "latency_ms", "generation_time_ms",
)  # fmt: skip
# A provider that reports a dearer generation than a million dollars is wrong.
_UPSTREAM_COST_MAX_NANO = 10**15
_CHARACTERS_MAX = {
    "model": 128, "provider_name": 64, "upstream_id": 128, "app_referer": 512, "app_title": 128,
    "user_agent": 256, "finish_reason": 16, "native_finish_reason": 64,
}  # fmt: skip


@dataclass(slots=True)
class GenerationRow:
    """A row of billing.models.Generation; the fields are its columns, in any order."""

    id: str
    user_id: int
    key_id: int | None
    created_at: datetime
    model: str
    provider_name: str = ""
    upstream_id: str = ""
    app_referer: str = ""
    app_title: str = ""
    user_agent: str = ""
    streamed: bool = False
    cancelled: bool = False
    cost_nano: int = 0
    usage_source: str = "local"
    tokens_prompt: int = 0
    tokens_completion: int = 0
    native_tokens_prompt: int = 0
    native_tokens_completion: int = 0
    native_tokens_reasoning: int = 0
    native_tokens_cached: int = 0
    num_media_prompt: int | None = None
    num_media_completion: int | None = None
    finish_reason: str = ""
    native_finish_reason: str = ""
    latency_ms: int | None = None
    generation_time_ms: int | None = None
    attempts: str = "[]"
    parameters: str = ""
    is_byok: bool = False
    upstream_cost_nano: int = 0

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> GenerationRow:
        """What JSON kept of one; fields that another version had are left out."""
        kept = {name: value for name, value in document.items() if name in cls.__slots__}
        kept["created_at"] = datetime.fromisoformat(kept["created_at"])
        return cls(**kept)

    def fit(self) -> None:
        """Make every value fit its column: no nonsense of a provider may keep a charge from the
        books (text with a NUL, 10^12 tokens)."""
        for name, size in _CHARACTERS_MAX.items():
            text = getattr(self, name)
            if len(text) > size or "\0" in text:
                setattr(self, name, text.replace("\0", "")[:size])
        for name in _COUNTS:
            count = getattr(self, name)
            if count is not None and not (type(count) is int and 0 <= count <= _COUNT_MAX):
                setattr(self, name, min(max(count, 0), _COUNT_MAX) if type(count) is int else 0)
        self.upstream_cost_nano = min(max(self.upstream_cost_nano, 0), _UPSTREAM_COST_MAX_NANO)


@dataclass(slots=True)
class Book:
    """Locked rows by id, and what a batch adds. Rows not touched are not written back.

    `refundable` has the account that paid for a generation, and what was not paid back of it yet.
    """

    now: datetime
    accounts: dict[str, AccountRow] = field(default_factory=dict)
    budgets: dict[int, BudgetRow] = field(default_factory=dict)
    members: dict[int, BudgetRow] = field(default_factory=dict)
    holds: dict[str, HoldRow] = field(default_factory=dict)
    known_transfers: dict[str, TransferRow] = field(default_factory=dict)
    refundable: dict[str, tuple[str, int]] = field(default_factory=dict)
    touched_accounts: set[str] = field(default_factory=set)
    touched_budgets: set[int] = field(default_factory=set)
    touched_members: set[int] = field(default_factory=set)
    touched_holds: set[str] = field(default_factory=set)
    new_holds: dict[str, HoldRow] = field(default_factory=dict)
    transfers: dict[str, TransferRow] = field(default_factory=dict)
    generations: dict[str, GenerationRow] = field(default_factory=dict)
    payments: PaymentRows = field(default_factory=PaymentRows)

    def account(self, account_id: str) -> AccountRow:
        """The account, to be changed."""
        self.touched_accounts.add(account_id)
        return self.accounts[account_id]

    def budget(self, key_id: int) -> BudgetRow | None:
        """The key's budget, to be changed, and its member's; None when the key is gone."""
        budget = self.budgets.get(key_id)
        if budget is not None:
            self.touched_budgets.add(key_id)
            if budget.member is not None:
                self.touched_members.add(budget.member.id)
        return budget

    def hold(self, hold_id: str) -> HoldRow | None:
        """The hold, to be changed."""
        hold = self.holds.get(hold_id)
        if hold is not None and hold_id not in self.new_holds:
            self.touched_holds.add(hold_id)
        return hold

    def add_hold(self, hold: HoldRow) -> None:
        self.holds[hold.id] = self.new_holds[hold.id] = hold

    def transfer(
        self, id: str, debit: str, credit: str, amount_nano: int, *, kind: str, ref: str,
        reason: str = "", actor: str = "",
    ) -> None:  # fmt: skip
        """Move money from `debit` to `credit`, once for this id; user accounts follow."""
        if id in self.known_transfers or id in self.transfers:
            raise AssertionError(f"transfer {id} exists; its maker must look before it leaps")
        self.transfers[id] = TransferRow(
            id, debit, credit, amount_nano, kind, ref, reason, self.now, actor
        )
        if debit.startswith(USER_PREFIX):
            self.account(debit).posted_nano -= amount_nano
        if credit.startswith(USER_PREFIX):
            self.account(credit).posted_nano += amount_nano


def period_start(period: str, now: datetime) -> date | None:
    """First UTC day of the period `now` is in: the day, the ISO week's Monday, the month."""
    today = now.date()
    if period == "daily":
        return today
    if period == "weekly":
        return today - timedelta(days=today.weekday())
    if period == "monthly":
        return today.replace(day=1)
    return None


def is_over(period: str, started: date | None, now: datetime) -> bool:
    """Whether another period than the one that `started` is under way.

    Never an earlier one: two processes whose clocks differ would begin them by turns, and each time
    the limit anew.
    """
    start = period_start(period, now)
    return start != started and not (start and started and start < started)
