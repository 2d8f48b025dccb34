"""Inviting members to an account: GET, POST /organization/invitations and DELETE .../{id} by its
owner and admins, POST /organization/invitations/accept by whoever was invited.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import keys, members
from accounts.access import check_admins, is_owner
from accounts.models import Invitation, Member, User
from api.access import actor, manager, manager_of_account
from api.authentication import KeyAuthentication
from api.bodies import read_object
from api.key_fields import read_budget
from api.members import membership_shape, role_of
from api.views import answers
from billing.membership import join
from openrouter_site.errors import ApiError, BadRequest, Conflict, Forbidden, NotFound
from openrouter_site.money import dollars

JsonObject = dict[str, Any]
_KNOWN = ("email", "role", "limit", "limit_reset")
_TOKEN_CHARACTERS_MAX = 100
_EMAIL_CHARACTERS_MAX = 254


@answers(("GET", "HEAD", "POST"), KeyAuthentication)
def collection(request: Request) -> Response:
    """`{"data": [Invitation]}` that are open, or 201 `{"data": Invitation}` for a new one."""
    key = manager_of_account(manager(request))
    if request.method == "POST":
        return Response({"data": _invited(request, key)}, status=201)
    rows = members.pending(key.user_id)
    return Response({"data": [_shape(row) for row in rows], "total_count": len(rows)})


@answers(("DELETE",), KeyAuthentication)
def one(request: Request, id: str) -> Response:
    """`{"deleted": true}`: its token is worth nothing any more."""
    key = manager_of_account(manager(request))
    number = int(id) if id.isascii() and id.isdecimal() and len(id) < 19 else 0
    row = members.pending(key.user_id).filter(pk=number).first()
    if row is None:
        raise NotFound("Invitation not found")
    check_admins(key, row.role)
    members.pending(key.user_id).filter(pk=number).update(withdrawn_at=timezone.now())
    return Response({"deleted": True})


@answers(("POST",), KeyAuthentication)
def accept(request: Request) -> Response:
    """201 `{"data": Membership, "key"}`: a management key for one's keys in that account."""
    manages = manager(request)
    if manages.member_id is not None:
        raise Forbidden("Accept it with a management key of your own account.")
    token = read_object(request, ("token",)).get("token")
    if not isinstance(token, str) or not 0 < len(token) <= _TOKEN_CHARACTERS_MAX:
        raise BadRequest("token must be the one in the invitation's e-mail.", {"field": "token"})
    user = User.objects.get(pk=manages.user_id)
    try:
        with transaction.atomic():
            member = join(token, user)
            key = _management_key(member)
    except members.NotInvited as error:
        raise NotFound(str(error)) from None
    return Response({"data": membership_shape(member), "key": key}, status=201)


def _management_key(member: Member) -> str:
    _, key = keys.create(member.owner, "Management", is_management=True, member=member)
    return key


def _invited(request: Request, key: keys.Key) -> JsonObject:
    body = read_object(request, _KNOWN)
    role, budget = role_of(body), read_budget(body)
    check_admins(key, role)
    if budget.get("period") and budget.get("limit_nano") is None:
        raise BadRequest("limit_reset needs a limit.", {"field": "limit"})
    try:
        row, token = members.invite(
            User.objects.get(pk=key.user_id), _email(body), role=role, invited_by=actor(key),
            replaces_admins=is_owner(key), **budget,
        )  # fmt: skip
    except members.Refused as refusal:
        raise _refused(refusal) from None
    return {**_shape(row), "email_sent": members.send(row, token)}


def _email(body: JsonObject) -> str:
    email = body.get("email")
    try:
        if isinstance(email, str) and len(email) <= _EMAIL_CHARACTERS_MAX:
            validate_email(email.strip())
            return email
    except ValidationError:
        pass
    raise BadRequest("email must be an e-mail address.", {"field": "email"})


def _refused(refusal: members.Refused) -> ApiError:
    if refusal.field:
        return BadRequest(str(refusal), {"field": refusal.field})
    return Conflict(str(refusal))


def _shape(row: Invitation) -> JsonObject:
    return {
        "id": str(row.pk),
        "email": row.email,
        "role": f"org:{row.role}",
        "limit": None if row.limit_nano is None else dollars(row.limit_nano),
        "limit_reset": row.period or None,
        "invited_by": row.invited_by,
        "created_at": row.created_at.astimezone(UTC).isoformat(),
        "expires_at": row.expires_at.astimezone(UTC).isoformat(),
    }
