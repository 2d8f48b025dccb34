"""Who of the staff did what: one list in the order of time, from the records that the deeds leave.

Each record is written in the transaction of its deed and never changed: transfers and the notes on
keys and members by the product, the rest by Django's admin. Here they are only read.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db.models import Model, Q, QuerySet
from django.urls import reverse

from accounts.models import KeyChange, MemberChange, User
from billing.models import Transfer
from catalog.models import CredentialChange
from openrouter_site.money import format_amount

COMMAND = "command:"
# How many rows of one kind are read at a time.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `place` orders the entries, and says where the next page begins."""

    place: tuple[datetime, str, Any]
    actor: str
    what: str
    subject: str
    detail: str
    reason: str = ""
    address: str = ""

    @property
    def at(self) -> datetime:
        return self.place[0]

    @property
    def kind(self) -> str:
        return self.place[1]


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for; empty values take everything."""

    actor: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    everyone: bool = False
    before: tuple[datetime, str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """Records of one kind: their rows, the names of the fields for time and actor."""

    rows: Callable[[], QuerySet[Any]]
    at: str
    actor: str
    entry: Callable[[Any], Entry]


def entries(filters: Filters) -> Iterator[Entry]:
    """Newest first, as many as are asked for."""
    chosen = {filters.kind: SOURCES[filters.kind]} if filters.kind in SOURCES else SOURCES
    streams = [_stream(kind, source, filters) for kind, source in chosen.items()]
    return heapq.merge(*streams, key=lambda entry: entry.place, reverse=True)


def page(filters: Filters, size: int) -> tuple[list[Entry], bool]:
    """The first `size` entries, and whether there are more."""
    found = list(islice(entries(filters), size + 1))
    return found[:size], len(found) > size


def _stream(kind: str, source: _Source, filters: Filters) -> Iterator[Entry]:
    rows = source.rows().filter(_wanted(source, filters)).order_by(f"-{source.at}", "-pk")
    before = filters.before
    while True:
        batch = list(rows.filter(_earlier(kind, source, before))[:_BATCH])
        yield from (source.entry(row) for row in batch)
        if len(batch) < _BATCH:
            return
        before = (getattr(batch[-1], source.at), kind, batch[-1].pk)


def _wanted(source: _Source, filters: Filters) -> Q:
    wanted = Q()
    if filters.actor:
        wanted &= Q(**{f"{source.actor}__icontains": filters.actor})
    if filters.since:
        wanted &= Q(**{f"{source.at}__gte": filters.since})
    if filters.until:
        wanted &= Q(**{f"{source.at}__lt": filters.until})
    if not filters.everyone and source.actor == "actor":
        staff = User.objects.filter(is_staff=True).values("email")
        wanted &= Q(actor__in=staff) | Q(actor__startswith=COMMAND)
    return wanted


def _earlier(kind: str, source: _Source, place: tuple[datetime, str, Any] | None) -> Q:
    """What comes after this place of the whole list, for rows of this kind."""
    if place is None:
        return Q()
    at, at_kind, pk = place
    if kind > at_kind:
        return Q(**{f"{source.at}__lt": at})
    if kind < at_kind:
        return Q(**{f"{source.at}__lte": at})
    return Q(**{f"{source.at}__lt": at}) | Q(**{source.at: at, "pk__lt": pk})


# --- The kinds of records ------------------------------------------------------------------------


def _admin(row: LogEntry) -> Entry:
    verb = {ADDITION: "Added", CHANGE: "Changed"}.get(row.action_flag, "Deleted")
    model = row.content_type.name if row.content_type else "row"
    return Entry(
        place=(row.action_time, "admin", row.pk),
        actor=row.user.get_username(),
        what=f"{verb} {model}",
        subject=row.object_repr,
        detail=row.get_change_message(),
        address=_edited(row),
    )


def _edited(row: LogEntry) -> str:
    known = row.content_type is not None and row.content_type.model_class() is not None
    address = row.get_admin_url() if known and not row.is_deletion() else None
    return address or ""


def _transfer(row: Transfer) -> Entry:
    return Entry(
        place=(row.created_at, "money", row.pk),
        actor=row.actor,
        what=f"Moved credits: {row.get_kind_display().lower()}",
        subject=row.ref,
        detail=f"${format_amount(row.amount_nano)} from {row.debit} to {row.credit}",
        reason=row.reason,
        address=_changed("billing_transfer", row),
    )


def _key_change(row: KeyChange) -> Entry:
    return Entry(
        place=(row.at, "keys", row.pk),
        actor=row.actor,
        what="Changed API key",
        subject=f"{row.key.name} ({row.key.label}) of {row.key.user.email}",
        detail=_fields(row.what),
        reason=row.reason,
        address=_changed("accounts_apikey", row.key),
    )


def _member_change(row: MemberChange) -> Entry:
    return Entry(
        place=(row.at, "members", row.pk),
        actor=row.actor,
        what="Changed member",
        subject=str(row.member),
        detail=_fields(row.what),
        address=_changed("accounts_member", row.member),
    )


def _credential_change(row: CredentialChange) -> Entry:
    return Entry(
        place=(row.at, "credentials", row.pk),
        actor=row.actor,
        what="Changed credential",
        subject=f"{row.provider_slug}: {row.label}",
        detail=f"{row.what.capitalize()} by a command",
    )


def _fields(what: dict[str, list[Any]]) -> str:
    return ", ".join(f"{name}: {_value(old)} → {_value(new)}" for name, (old, new) in what.items())


def _value(value: Any) -> str:
    return "nothing" if value in (None, "", []) else str(value)


def _changed(name: str, row: Model) -> str:
    return reverse(f"admin:{name}_change", args=[row.pk])


SOURCES = {
    "admin": _Source(
        lambda: LogEntry.objects.select_related("user", "content_type"),
        "action_time", "user__email", _admin,
    ),
    "credentials": _Source(CredentialChange.objects.all, "at", "actor", _credential_change),
    "keys": _Source(
        lambda: KeyChange.objects.select_related("key__user"), "at", "actor", _key_change
    ),
    "members": _Source(
        lambda: MemberChange.objects.select_related("member__user", "member__owner"),
        "at", "actor", _member_change,
    ),
    "money": _Source(lambda: Transfer.objects.exclude(actor=""), "created_at", "actor", _transfer),
}  # fmt: skip
KINDS = (
    ("", "Everything"),
    ("money", "Credits moved"),
    ("keys", "API keys"),
    ("members", "Members"),
    ("credentials", "Credentials, by commands"),
    ("admin", "Rows of the administration"),
)
