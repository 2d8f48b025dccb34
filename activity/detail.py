"""One request with everything that is known of it: what was tried, counted and paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from activity import attempts
from activity.attempts import Attempt
from activity.filters import Filter, rows
from activity.requests import Request, request_of
from activity.scope import Scope
from billing.book import USER_PREFIX
from billing.models import Generation, Transfer


@dataclass(frozen=True, slots=True)
class CostLine:
    """Money that moved for it. `amount_nano` is negative when it came back to the account."""

    kind: str
    amount_nano: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Detail:
    """`generation` has what is shown as it is: both token counts, native reasons, parameters.

    The waterfall: `attempts` with their offsets, then the answer from `answer_begins_ms` until
    `ends_ms`, counted from when the first attempt began. `total_ms` is the scale of it.
    """

    request: Request
    generation: Generation
    attempts: tuple[Attempt, ...]
    answer_begins_ms: int | None
    ends_ms: int | None
    total_ms: int
    cost_lines: tuple[CostLine, ...]

    @property
    def paid_nano(self) -> int:
        """After refunds."""
        return sum(line.amount_nano for line in self.cost_lines)

    @property
    def refunded_nano(self) -> int:
        return -sum(line.amount_nano for line in self.cost_lines if line.kind == "refund")


def find(scope: Scope, generation_id: str) -> Detail | None:
    """None when there is none of this id, or it is somebody else's."""
    found = rows(scope, Filter(generation_id=generation_id)).select_related("key").first()
    return None if found is None else _detail(found)


def _detail(generation: Generation) -> Detail:
    tried = attempts.parse(generation.attempts)
    begins_ms = ends_ms = None
    if generation.latency_ms is not None:
        begins_ms = attempts.wasted_ms(tried) + generation.latency_ms
        ends_ms = max(begins_ms, generation.generation_time_ms or 0)
    last_ms = tried[-1].offset_ms + tried[-1].ms if tried else 0
    return Detail(
        request=request_of(generation),
        generation=generation,
        attempts=tried,
        answer_begins_ms=begins_ms,
        ends_ms=ends_ms,
        total_ms=max(last_ms, ends_ms or 0),
        cost_lines=_cost_lines(generation),
    )


def _cost_lines(generation: Generation) -> tuple[CostLine, ...]:
    """The transfers of the account. Who made them is the operator's affair."""
    account = f"{USER_PREFIX}{generation.user_id}"
    transfers = Transfer.objects.filter(ref=generation.pk).order_by("created_at", "pk")
    lines = []
    for transfer in transfers:
        if account not in (transfer.debit, transfer.credit):
            continue
        sign = 1 if transfer.debit == account else -1
        line = CostLine(
            transfer.kind, sign * transfer.amount_nano, transfer.created_at, transfer.reason
        )
        lines.append(line)
    return tuple(lines)
