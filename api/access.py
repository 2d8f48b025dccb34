"""Who of an account may see and do what there: its owner, its admins, its members.

The owner has everything. An admin has the members and their keys, and sees what the account spends.
A member has his own keys and what they did. Money is the owner's alone.
"""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request

from accounts.keys import OWNER, Key
from accounts.member_rows import Role
from accounts.models import ApiKey, Member
from api.authentication import caller
from billing.models import Generation
from openrouter_site.errors import BadRequest, Forbidden

_NOT_A_MEMBERS = "Only the owner and the admins of this account may do this."


def actor(key: Key) -> str:
    """Who did it, as histories name him."""
    return f"key:{key.label}"


def manager(request: Request) -> Key:
    """The management key that asks; raises Forbidden for any other."""
    key = caller(request)
    if not key.is_management:
        raise Forbidden(
            "Only management keys can perform this operation",
            {"remedy_hint": "An operator makes one with manage.py createkey --management."},
        )
    return key


def is_plain_member(key: Key) -> bool:
    return key.role == Role.MEMBER


def manager_of_account(key: Key) -> Key:
    """The key, of the owner or of an admin; raises Forbidden."""
    if is_plain_member(key):
        raise Forbidden(_NOT_A_MEMBERS, {"remedy_hint": "GET /api/v1/key has your own figures."})
    return key


def owner_of_account(key: Key) -> Key:
    """The key, of the owner himself; raises Forbidden."""
    if key.role != OWNER:
        raise Forbidden("Only the owner of the account may do this.")
    return key


def manageable_keys(key: Key) -> QuerySet[ApiKey]:
    """Those whoever has this key may see and change: not the deleted, and no management key."""
    rows = ApiKey.objects.filter(user_id=key.user_id, deleted_at=None, is_management=False)
    rows = rows.select_related("member")
    if key.role == OWNER:
        return rows
    if is_plain_member(key):
        return rows.filter(member_id=key.member_id or 0)
    return rows.filter(member__isnull=False)


def visible_generations(key: Key) -> QuerySet[Generation]:
    """What was made with the account, or of it by a plain member."""
    rows = Generation.objects.filter(user_id=key.user_id)
    return rows.filter(key__member_id=key.member_id or 0) if is_plain_member(key) else rows


def holder_of(key: Key, user_id: int | None) -> Member | None:
    """The member for whom a new key is; None is the owner. Raises BadRequest, Forbidden.

    Nobody named: whoever asks.
    """
    wanted = key.holder_id if user_id is None else user_id
    if wanted == key.user_id and key.role == OWNER:
        return None
    if is_plain_member(key) and wanted != key.holder_id:
        raise Forbidden(_NOT_A_MEMBERS)
    found = Member.objects.filter(owner_id=key.user_id, user_id=wanted, removed_at=None).first()
    if found is None:
        raise BadRequest(
            "creator_user_id is no member of this account: see GET /api/v1/organization/members.",
            {"field": "creator_user_id"},
        )
    return found
