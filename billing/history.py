"""A month of an account as a page shows it: newest first, with the balance after each transfer.

The same transfers as the statement (billing.statement), which is a file and oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Case, F, Max, Q, QuerySet, Sum, When, Window

from billing.models import Transfer
from billing.statement import Entry, Month, balance_nano, models_of

# What requests cost; everything else was done by people.
USAGE = (Transfer.Kind.CAPTURE, Transfer.Kind.ADJUST)

Moves = QuerySet[Transfer, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`model` where a request is behind it."""

    entry: Entry
    model: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a whole month; `closing_nano` is what there is now while it is under way."""

    opening_nano: int
    in_nano: int
    out_nano: int

    @property
    def closing_nano(self) -> int:
        return self.opening_nano + self.in_nano - self.out_nano


def transfers(account_id: str, month: Month, *, without_usage: bool = False) -> Moves:
    """Newest first, each with `moved_nano` and `running_nano`, its sum since the month began.

    The database adds up, so that a page far back costs no more memory than the first.
    """
    moves = _of_month(account_id, month).annotate(
        moved_nano=Case(
            When(credit=account_id, then=F("amount_nano")),
            default=-F("amount_nano"),
            output_field=BigIntegerField(),
        )
    )
    running = Window(Sum("moved_nano"), order_by=[F("created_at").asc(), F("id").asc()])
    moves = moves.annotate(running_nano=running)
    if without_usage:
        # A plain condition would come before the sum, and the balances would be wrong.
        summed_kind = Window(Max("kind"), partition_by=[F("id")])
        moves = moves.annotate(summed_kind=summed_kind).exclude(summed_kind__in=USAGE)
    return moves.order_by("-created_at", "-id")


def totals(account_id: str, month: Month) -> Totals:
    """Two queries."""
    sums = _of_month(account_id, month).aggregate(
        into=Sum("amount_nano", filter=Q(credit=account_id), default=0),
        out=Sum("amount_nano", filter=Q(debit=account_id), default=0),
    )
    opening_nano = balance_nano(account_id, month.begin)
    return Totals(opening_nano, int(sums["into"]), int(sums["out"]))


def lines(rows: list[Any], opening_nano: int) -> list[Line]:
    """Of a page of `transfers`; one query."""
    entries = [Entry(row, row.moved_nano, opening_nano + int(row.running_nano)) for row in rows]
    models = models_of(entries)
    return [Line(entry, models.get(entry.transfer.ref, "")) for entry in entries]


def first_moment(account_id: str) -> datetime | None:
    """When something was first moved, or None."""
    rows = Transfer.objects.filter(Q(debit=account_id) | Q(credit=account_id))
    return rows.order_by("created_at").values_list("created_at", flat=True).first()


def _of_month(account_id: str, month: Month) -> Moves:
    return Transfer.objects.filter(
        Q(debit=account_id) | Q(credit=account_id),
        created_at__gte=month.begin,
        created_at__lt=month.end,
    )
