"""The key by which a person's runs in the Playground are charged: one for each account he spends.

It is a row like any key, so limits, allowed models and members' budgets work by it as everywhere;
but its secret is thrown away as soon as it is made, so that nobody can use it elsewhere.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import keys
from accounts.access import find_seat
from accounts.models import ApiKey, User

NAME = "Playground"


def digest_of(user: User, owner_id: int) -> str | None:
    """Of the person's key in the account of that owner, made when there is none yet. None where he
    is no member of it."""
    seat = find_seat(user, owner_id)
    if seat is None:
        return None
    found = _digest(owner_id, seat.member_id)
    if found is None:
        try:
            with transaction.atomic():
                found = _make(owner_id, seat.member_id).digest
        except IntegrityError:
            # Another tab was faster.
            found = _digest(owner_id, seat.member_id)
    return found


def _digest(owner_id: int, member_id: int | None) -> str | None:
    holder = Q(member=None) if member_id is None else Q(member_id=member_id)
    rows = ApiKey.objects.filter(holder, user_id=owner_id, is_playground=True, deleted_at=None)
    return rows.order_by().values_list("digest", flat=True).first()


def _make(owner_id: int, member_id: int | None) -> ApiKey:
    secret = keys.mint()
    return ApiKey.objects.create(
        user_id=owner_id, member_id=member_id, name=NAME, is_playground=True,
        digest=keys.digest(secret), label=keys.label(secret),
    )  # fmt: skip
