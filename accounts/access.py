"""Who of an account may see and do what there: its owner, its admins, its members.

The owner has everything. An admin has the members and their keys, and sees what the account spends.
A member has his own keys and what they did. Money is the owner's alone. The API and the pages ask
here; docs/members.md says it to people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.db.models import QuerySet

from accounts.member_rows import OWNER, Member, Role
from accounts.models import ApiKey, User
from openrouter_site.errors import Forbidden


class Someone(Protocol):
    """Whoever acts in an account: `user_id` owns it. A key, or a person's seat."""

    @property
    def user_id(self) -> int: ...
    @property
    def holder_id(self) -> int: ...
    @property
    def member_id(self) -> int | None: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Seat:
    """A signed-in person's place in an account, his own or one that he is a member of."""

    user_id: int
    holder_id: int
    member_id: int | None = None
    role: str = OWNER


def own_seat(user: User) -> Seat:
    return Seat(user.pk, user.pk)


def seat_of(member: Member) -> Seat:
    return Seat(member.owner_id, member.user_id, member.pk, member.role)


def memberships(user_id: int) -> QuerySet[Member]:
    """The accounts of others that this person may use."""
    rows = Member.objects.filter(user_id=user_id, removed_at=None, owner__is_active=True)
    return rows.select_related("owner", "user")


def find_seat(user: User, owner_id: int) -> Seat | None:
    """This person's seat in the account of that owner, if he has one."""
    if owner_id == user.pk:
        return own_seat(user)
    member = memberships(user.pk).filter(owner_id=owner_id).first()
    return None if member is None else seat_of(member)


def is_owner(someone: Someone) -> bool:
    return someone.role == OWNER


def is_plain_member(someone: Someone) -> bool:
    return someone.role == Role.MEMBER


def visible_keys(someone: Someone) -> QuerySet[ApiKey]:
    """Those he may see and delete: not what was deleted."""
    rows = ApiKey.objects.filter(user_id=someone.user_id, deleted_at=None)
    rows = rows.select_related("member__user")
    if is_owner(someone):
        return rows
    if is_plain_member(someone):
        return rows.filter(member_id=someone.member_id or 0)
    return rows.filter(member__isnull=False)


def manageable_keys(someone: Someone) -> QuerySet[ApiKey]:
    """Those the API lets him see and change: no management key, and not the Playground's."""
    return visible_keys(someone).filter(is_management=False, is_playground=False)


def possible_holders(someone: Someone) -> QuerySet[Member]:
    """The members for whom he may make keys; the owner makes them for himself as well."""
    rows = Member.objects.filter(owner_id=someone.user_id, removed_at=None)
    rows = rows.select_related("user")
    return rows.filter(pk=someone.member_id or 0) if is_plain_member(someone) else rows


def check_admins(someone: Someone, *roles: str) -> None:
    """Admins are the owner's choice; raises Forbidden."""
    if Role.ADMIN in roles and not is_owner(someone):
        raise Forbidden("Only the owner of the account makes, changes or removes admins.")
