"""What the signed-in person may see: a thing, or the 404 of what does not exist at all."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from accounts import access
from accounts.access import Seat
from accounts.models import ApiKey, Member, User


def person(request: HttpRequest) -> User:
    """Whom login_required let in."""
    assert isinstance(request.user, User)
    return request.user


def seat(user: User, account: str) -> Seat:
    """The person's seat in an account, "" being his own."""
    if not account:
        return access.own_seat(user)
    found = access.find_seat(user, _number(account))
    if found is None:
        raise Http404
    return found


def key(user: User, key_id: int) -> ApiKey:
    """A key that the person may see, in whatever account."""
    row = ApiKey.objects.filter(pk=key_id).first()
    there = access.find_seat(user, row.user_id) if row else None
    found = access.visible_keys(there).filter(pk=key_id).first() if there else None
    if found is None:
        raise Http404
    return found


def secret_key(user: User, key_id: int) -> ApiKey:
    """The same of a key that somebody may have: not the Playground's, which is neither replaced nor
    deleted."""
    row = key(user, key_id)
    if row.is_playground:
        raise Http404
    return row


def managed_account(user: User, account: str) -> Seat:
    """The same for those who manage the members there."""
    found = seat(user, account)
    if access.is_plain_member(found):
        raise Http404
    return found


def managed_member(user: User, member_id: int) -> tuple[Member, Seat]:
    """A member of an account that the person manages."""
    rows = Member.objects.filter(pk=member_id, removed_at=None).select_related("user", "owner")
    row = rows.first()
    if row is None:
        raise Http404
    return row, managed_account(user, str(row.owner_id))


def membership(user: User, member_id: int) -> Member:
    """The person's own part in another's account."""
    row = access.memberships(user.pk).filter(pk=member_id).first()
    if row is None:
        raise Http404
    return row


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text)
