"""An account with people in it: alice owns it, bob is an admin, charlie a member."""

from __future__ import annotations

from dataclasses import dataclass

from api_rows import account, key_of, person

from accounts import members
from accounts.models import Member, User

ORGANIZATION = "/api/v1/organization"


@dataclass(frozen=True)
class Someone:
    """`manager`: headers of a management key in alice's account; `caller`: of another key."""

    user: User
    member: Member | None
    manager: dict
    caller: dict
    key: object


def someone(owner, name, role=None):
    user = owner if role is None else person(name)
    member = None if role is None else members.add(owner, user, role, actor="test")
    _, _, manager = key_of(owner, name=f"{name} manages", is_management=True, member=member)
    row, _, caller = key_of(owner, name=f"{name} calls", member=member)
    return Someone(user, member, manager, caller, row)


def small_organization():
    """(alice, bob, charlie), with $10."""
    owner = person("alice")
    account(owner, "10")
    return (
        someone(owner, "alice"),
        someone(owner, "bob", "admin"),
        someone(owner, "charlie", "member"),
    )
