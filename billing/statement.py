"""One account's month as CSV: what there was, every transfer with the balance after it, what is
left. Exact decimals, made page by page, so that a month of any size costs little memory.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, Sum

from billing.models import Generation, Transfer
from openrouter_site.money import format_amount

COLUMNS = ("date", "kind", "amount", "balance", "reference", "model", "reason", "transfer")
_PAGE_ROWS = 2_000
_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")
# What a spreadsheet takes for a formula (OWASP, CSV injection). Amounts are no texts.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Month:
    """From its first moment until before that of the next one, UTC."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A transfer as the account sees it: `moved_nano` is negative when it paid."""

    transfer: Transfer
    moved_nano: int
    balance_nano: int


def month_of(text: str) -> Month:
    """Of "2026-11"; raises ValueError."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise ValueError(f"month {text!r} is not a month like 2026-11")
    year, month = int(found[1]), int(found[2])
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return Month(datetime(year, month, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC))


def balance_nano(account_id: str, before: datetime) -> int:
    """The sum of the account's transfers until then."""
    sums = Transfer.objects.filter(_of(account_id), created_at__lt=before).aggregate(
        into=Sum("amount_nano", filter=Q(credit=account_id), default=0),
        out=Sum("amount_nano", filter=Q(debit=account_id), default=0),
    )
    return int(sums["into"]) - int(sums["out"])


def pages(
    account_id: str, begin: datetime, end: datetime, opening_nano: int
) -> Iterator[list[Entry]]:
    """The transfers of a time, oldest first; no page is empty."""
    rows = Transfer.objects.filter(_of(account_id), created_at__lt=end)
    rows = rows.order_by("created_at", "id")
    balance, following = opening_nano, Q(created_at__gte=begin)
    while page := list(rows.filter(following)[:_PAGE_ROWS]):
        entries = []
        for transfer in page:
            into = transfer.credit == account_id
            moved = transfer.amount_nano if into else -transfer.amount_nano
            balance += moved
            entries.append(Entry(transfer, moved, balance))
        yield entries
        last = page[-1]
        same_moment = Q(created_at=last.created_at, id__gt=last.id)
        following = Q(created_at__gt=last.created_at) | same_moment


def pieces(account_id: str, month: Month) -> Iterator[str]:
    """The statement as CSV, a piece for each page. Blocking; each step in any thread."""
    balance = balance_nano(account_id, month.begin)
    yield _csv([COLUMNS, _total(month.begin, "opening balance", balance)])
    for entries in pages(account_id, month.begin, month.end, balance):
        yield _csv(rows_of(entries))
        balance = entries[-1].balance_nano
    yield _csv([_total(min(month.end, datetime.now(UTC)), "closing balance", balance)])


def rows_of(entries: list[Entry]) -> list[tuple[str, ...]]:
    """Lines of a CSV of these COLUMNS."""
    models = models_of(entries)
    return [_row(entry, models) for entry in entries]


def _of(account_id: str) -> Q:
    return Q(debit=account_id) | Q(credit=account_id)


def models_of(entries: list[Entry]) -> dict[str, str]:
    refs = [entry.transfer.ref for entry in entries]
    return dict(Generation.objects.filter(pk__in=refs).values_list("pk", "model"))


def _row(entry: Entry, models: dict[str, str]) -> tuple[str, ...]:
    transfer = entry.transfer
    return (
        _moment(transfer.created_at),
        safe(transfer.kind),
        format_amount(entry.moved_nano),
        format_amount(entry.balance_nano),
        safe(transfer.ref),
        safe(models.get(transfer.ref, "")),
        safe(transfer.reason),
        safe(transfer.id),
    )


def _total(at: datetime, kind: str, balance: int) -> tuple[str, ...]:
    return (_moment(at), kind, "", format_amount(balance), "", "", "", "")


def safe(text: str) -> str:
    """A text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_FORMULA_BEGINS) else text


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _csv(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
