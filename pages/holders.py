"""For whom a person may make a key: himself, in each account that is his or that he is a member of,
and the members of those that he manages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404

from accounts import access
from accounts.models import Member, User

_CHOICES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Holder:
    """`member` is None for the owner of the account himself."""

    account_id: int
    member: Member | None = None


def choices(user: User) -> list[tuple[str, str]]:
    """(value, words); the person himself in his own account is "", the first."""
    found = [("", "Myself, from my credits")]
    found += [
        (str(row.pk), f"{row.user.email}, from my credits")
        for row in access.possible_holders(access.own_seat(user))[:_CHOICES_MAX]
    ]
    for membership in access.memberships(user.pk):
        found += _choices_there(membership)
    return found[:_CHOICES_MAX]


def _choices_there(mine: Member) -> Iterator[tuple[str, str]]:
    credits = f"from the credits of {mine.owner.email}"
    yield str(mine.pk), f"Myself, {credits}"
    seat = access.seat_of(mine)
    if not access.is_plain_member(seat):
        for row in access.possible_holders(seat).exclude(pk=mine.pk)[:_CHOICES_MAX]:
            yield str(row.pk), f"{row.user.email}, {credits}"


def find(user: User, value: str) -> Holder:
    """What a choice means; raises Http404 for what is none of this person's."""
    if not value:
        return Holder(user.pk)
    row = Member.objects.filter(pk=value, removed_at=None).select_related("user").first()
    seat = row and access.find_seat(user, row.owner_id)
    if row is None or not seat or not access.possible_holders(seat).filter(pk=row.pk).exists():
        raise Http404
    return Holder(row.owner_id, row)
