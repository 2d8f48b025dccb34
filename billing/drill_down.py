"""Every transfer of one account with the sum after it, and where that sum leaves what is posted.

The running sum is what the balance must be. Marked are a transfer as large as the difference (one
that was counted twice, or not at all), the last one after which the sum was what is posted (what
came after was not counted), one that moved something else than its hold or generation says, and
where the sum went below zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from billing.book import USER_PREFIX
from billing.models import Account, Generation, Hold, Transfer
from billing.statement import Entry, balance_nano, pages
from openrouter_site.money import format_amount

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_CHARGES = (Transfer.Kind.CAPTURE, Transfer.Kind.ADJUST)


def lines(account_id: str, since: datetime | None = None) -> Iterator[str]:
    """As text for the operator, oldest first."""
    end = datetime.now(UTC).replace(year=9999)
    account = Account.objects.filter(pk=account_id).first()
    posted_nano = account.posted_nano if account else 0
    sum_nano = balance_nano(account_id, end)
    begin = since or _BEGINNING
    opening_nano = balance_nano(account_id, begin)
    yield f"{account_id} since {begin.date()}: ${format_amount(opening_nano)} before"
    difference_nano = posted_nano - sum_nano
    met = _last_sum_met(account_id, begin, end, opening_nano, posted_nano)
    for entries in pages(account_id, begin, end, opening_nano):
        charged = _charged(entries)
        for entry in entries:
            notes = _notes(entry, difference_nano, charged)
            if difference_nano and entry.transfer.id == met:
                notes.append("here the sum was what is posted")
            yield _line(entry, notes)
    verdict = "as posted" if not difference_nano else f"${format_amount(posted_nano)} is posted"
    yield f"sum ${format_amount(sum_nano)}, {verdict}"


def _last_sum_met(
    account_id: str, begin: datetime, end: datetime, opening_nano: int, posted_nano: int
) -> str:
    """The id of the last transfer after which the sum was what is posted now."""
    found = ""
    for entries in pages(account_id, begin, end, opening_nano):
        for entry in entries:
            if entry.balance_nano == posted_nano:
                found = entry.transfer.id
    return found


def _charged(entries: list[Entry]) -> dict[str, dict[str, int]]:
    """What holds and generations of these transfers say was charged, and what was moved."""
    refs = {entry.transfer.ref for entry in entries if entry.transfer.kind in _CHARGES}
    moved: dict[str, int] = {}
    for row in Transfer.objects.filter(ref__in=refs, kind__in=_CHARGES):
        signed = row.amount_nano if row.debit.startswith(USER_PREFIX) else -row.amount_nano
        moved[row.ref] = moved.get(row.ref, 0) + signed
    closed = Hold.objects.filter(pk__in=refs).exclude(state=Hold.State.OPEN)
    costs = Generation.objects.filter(pk__in=refs)
    return {
        "moved": moved,
        "hold": dict(closed.values_list("pk", "charged_nano")),
        "generation": dict(costs.values_list("pk", "cost_nano")),
    }


def _notes(entry: Entry, difference_nano: int, charged: dict[str, dict[str, int]]) -> list[str]:
    notes = []
    if difference_nano and abs(entry.moved_nano) == abs(difference_nano):
        notes.append("as large as the difference")
    if entry.balance_nano < 0 <= entry.balance_nano - entry.moved_nano:
        notes.append("below zero from here")
    transfer = entry.transfer
    if transfer.kind in _CHARGES:
        total = charged["moved"][transfer.ref]
        for what in ("hold", "generation"):
            said = charged[what].get(transfer.ref)
            if said is not None and said != total:
                notes.append(f"its {what} says ${format_amount(said)}")
    return notes


def _line(entry: Entry, notes: list[str]) -> str:
    transfer = entry.transfer
    other = transfer.debit if entry.moved_nano > 0 else transfer.credit
    sign = "+" if entry.moved_nano > 0 else ""
    who = f" by {transfer.actor}" if transfer.actor else ""
    why = f" ({transfer.reason}{who})" if transfer.reason or who else ""
    mark = f"  <-- {', '.join(notes)}" if notes else ""
    return (
        f"    {transfer.created_at:%Y-%m-%d %H:%M:%S} {transfer.kind} {other}"
        f" {sign}{format_amount(entry.moved_nano)} = {format_amount(entry.balance_nano)}"
        f" {transfer.id}{why}{mark}"
    )
