"""Who asks, by which key, and what is refused him. The rules are those of `accounts.access`."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request

from accounts.access import is_owner, is_plain_member, possible_holders
from accounts.keys import Key
from accounts.models import Member
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
            {"remedy_hint": "Make one on the keys page, or with manage.py createkey --management."},
        )
    return key


def manager_of_account(key: Key) -> Key:
    """The key, of the owner or of an admin; raises Forbidden."""
    if is_plain_member(key):
        raise Forbidden(_NOT_A_MEMBERS, {"remedy_hint": "GET /api/v1/key has your own figures."})
    return key


def owner_of_account(key: Key) -> Key:
    """The key, of the owner himself; raises Forbidden."""
    if not is_owner(key):
        raise Forbidden("Only the owner of the account may do this.")
    return key


def visible_generations(key: Key) -> QuerySet[Generation]:
    """What was made with the account, or of it by a plain member."""
    rows = Generation.objects.filter(user_id=key.user_id)
    return rows.filter(key__member_id=key.member_id or 0) if is_plain_member(key) else rows


def holder_of(key: Key, user_id: int | None) -> Member | None:
    """The member for whom a new key is; None is the owner. Raises BadRequest, Forbidden.

    Nobody named: whoever asks.
    """
    wanted = key.holder_id if user_id is None else user_id
    if wanted == key.user_id and is_owner(key):
        return None
    if is_plain_member(key) and wanted != key.holder_id:
        raise Forbidden(_NOT_A_MEMBERS)
    found = possible_holders(key).filter(user_id=wanted).first()
    if found is None:
        raise BadRequest(
            "creator_user_id is no member of this account: see GET /api/v1/organization/members.",
            {"field": "creator_user_id"},
        )
    return found
