"""The people who use an account: GET /organization/members (openrouter-today 1.14), and what its
owner and admins may change: PATCH, DELETE /organization/members/user_7.

GET /organization/memberships has the accounts that the caller is a member of; DELETE leaves one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access, members
from accounts.access import check_admins
from accounts.member_rows import Role
from accounts.models import Member, User
from api.access import actor, manager, manager_of_account
from api.authentication import KeyAuthentication
from api.bodies import read_object
from api.key_fields import read_budget
from api.views import answers, answers_get
from billing.balances import as_of
from billing.key_limits import overlaid, set_member_budget
from billing.models import MemberBudget
from openrouter_site.errors import BadRequest, NotFound
from openrouter_site.money import dollars

JsonObject = dict[str, Any]
ROLES = {"org:admin": Role.ADMIN, "org:member": Role.MEMBER}
_NAMES = {role: name for name, role in ROLES.items()}
_KNOWN = ("role", "limit", "limit_reset")


@answers_get(KeyAuthentication)
def collection(request: Request) -> Response:
    """`{"data": [Member], "total_count"}`: the owner first, and then who came when."""
    key = manager_of_account(manager(request))
    owner = User.objects.get(pk=key.user_id)
    found = members.of_account(key.user_id)
    data = [_owner_shape(owner), *shapes(found, timezone.now())]
    return Response({"data": data, "total_count": len(data)})


@answers(("PATCH", "DELETE"), KeyAuthentication)
def one(request: Request, id: str) -> Response:
    """`{"data": Member}`, or `{"deleted": true}`: none of his keys works here any more."""
    key = manager_of_account(manager(request))
    member = _found(id, owner_id=key.user_id)
    if request.method == "DELETE":
        check_admins(key, member.role)
        members.remove(member, actor=actor(key))
        return Response({"deleted": True})
    body = read_object(request, _KNOWN)
    role = role_of(body, member.role)
    check_admins(key, member.role, role)
    set_budget(member, read_budget(body), actor(key))
    members.change_role(member, role, actor=actor(key))
    return Response({"data": shapes([member], timezone.now())[0]})


@answers_get(KeyAuthentication)
def memberships(request: Request) -> Response:
    """`{"data": [Membership]}`: the accounts of others that the caller may use."""
    key = manager(request)
    found = access.memberships(key.holder_id)
    return Response({"data": [membership_shape(row) for row in found]})


@answers(("DELETE",), KeyAuthentication)
def membership(request: Request, id: str) -> Response:
    """`{"deleted": true}`: the caller is no more a member of org_7."""
    key = manager(request)
    match = re.fullmatch(r"org_([0-9]{1,18})", id)
    member = _member(int(match[1]), key.holder_id) if match else None
    if member is None:
        raise NotFound("Membership not found")
    members.remove(member, actor=actor(key))
    return Response({"deleted": True})


# --- Reading ---------------------------------------------------------------------------------


def role_of(body: JsonObject, default: str = Role.MEMBER) -> str:
    """The role that the body names; raises BadRequest."""
    if "role" not in body:
        return default
    role = ROLES.get(body["role"]) if isinstance(body["role"], str) else None
    if role is None:
        raise BadRequest(f"role must be one of {', '.join(ROLES)}.", {"field": "role"})
    return role


def set_budget(member: Member, budget: JsonObject, who: str) -> None:
    """What the body says of limit and limit_reset; the rest stays."""
    if budget:
        row = MemberBudget.objects.filter(pk=member.pk).first()
        limit_nano, period = overlaid(row, budget)
        set_member_budget(member, limit_nano, period, actor=who)


def _member(owner_id: int, user_id: int) -> Member | None:
    found = Member.objects.filter(owner_id=owner_id, user_id=user_id, removed_at=None)
    return found.select_related("user", "owner").first()


def _found(id: str, *, owner_id: int) -> Member:
    match = re.fullmatch(r"user_([0-9]{1,18})", id)
    member = _member(owner_id, int(match[1])) if match else None
    if member is None:
        raise NotFound("Member not found")
    return member


# --- What is shown -----------------------------------------------------------------------------


def _person(user: User) -> JsonObject:
    return {
        "id": f"user_{user.pk}",
        "email": user.email,
        "first_name": user.first_name or None,
        "last_name": user.last_name or None,
    }


def _owner_shape(owner: User) -> JsonObject:
    return {
        **_person(owner),
        "role": "org:admin",
        "is_owner": True,
        "limit": None,
        "limit_remaining": None,
        "limit_reset": None,
        "usage": None,
        "created_at": None,
    }


def shapes(rows: list[Member], now: datetime) -> list[JsonObject]:
    budgets = MemberBudget.objects.in_bulk([row.pk for row in rows])
    return [_shape(row, as_of(budgets.get(row.pk) or MemberBudget(), now)) for row in rows]


def _shape(member: Member, budget: MemberBudget) -> JsonObject:
    limit = budget.limit_nano
    return {
        **_person(member.user),
        "role": _NAMES[Role(member.role)],
        "is_owner": False,
        "limit": None if limit is None else dollars(limit),
        "limit_remaining": None if limit is None else dollars(max(0, limit - budget.spent_nano)),
        "limit_reset": budget.period or None,
        "usage": dollars(budget.spent_total_nano),
        "created_at": member.created_at.astimezone(UTC).isoformat(),
    }


def membership_shape(member: Member) -> JsonObject:
    return {
        "organization_id": f"org_{member.owner_id}",
        "owner_email": member.owner.email,
        "role": _NAMES[Role(member.role)],
        "created_at": member.created_at.astimezone(UTC).isoformat(),
    }
