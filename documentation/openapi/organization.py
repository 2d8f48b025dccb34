"""The people who use one account: /organization/members, /memberships, /invitations."""

from __future__ import annotations

from typing import Any

from documentation.openapi.key_schemas import LIMIT, LIMIT_RESET
from documentation.openapi.operation import Access, Content, Group, Operation, path_text
from documentation.openapi.schema import (
    Fields,
    Schema,
    boolean,
    const,
    integer,
    listing,
    moment,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)

_ROLE = one_of("Admins invite and remove members, and manage keys.", "org:admin", "org:member")
_BUDGET: Fields = {"limit": nullable(LIMIT), "limit_reset": nullable(LIMIT_RESET)}
_CLOSED = "Unknown fields are refused."

_MEMBER = record(
    {
        "id": text("Like `user_7`."),
        "email": text(),
        "first_name": nullable(text()),
        "last_name": nullable(text()),
        "role": _ROLE,
        "is_owner": boolean("Whether it is the owner's account."),
        "limit": nullable(number("Dollars they may spend; null is no limit.")),
        "limit_remaining": nullable(number("Dollars left of it.")),
        "limit_reset": nullable(LIMIT_RESET),
        "usage": nullable(number("Dollars they spent; null of the owner.")),
        "created_at": nullable(moment()),
    },
    "Somebody who uses the account.",
)
_MEMBERSHIP = record(
    {"organization_id": text(), "owner_email": text(), "role": _ROLE, "created_at": moment()},
    "An account of somebody else's that you may use.",
)
_INVITATION: Fields = {
    "id": text(), "email": text(), "role": _ROLE, "limit": nullable(number()),
    "limit_reset": nullable(LIMIT_RESET), "invited_by": text(), "created_at": moment(),
    "expires_at": moment(),
}  # fmt: skip

_AT = "2026-06-10T06:13:20.482000+00:00"
_PERSON: dict[str, Any] = {
    "id": "user_7", "email": "bob@example.com", "first_name": None, "last_name": None,
    "role": "org:member", "is_owner": False, "limit": 20, "limit_remaining": 12.5,
    "limit_reset": "monthly", "usage": 7.5, "created_at": _AT,
}  # fmt: skip
_INVITED: dict[str, Any] = {
    "id": "3", "email": "carol@example.com", "role": "org:member", "limit": 20,
    "limit_reset": "monthly", "invited_by": "key:sk-or-v1-f01...943", "created_at": _AT,
    "expires_at": "2026-06-17T06:13:20.482000+00:00",
}  # fmt: skip
_JOINED = {
    "organization_id": "org_1", "owner_email": "alice@example.com", "role": "org:member",
    "created_at": _AT,
}  # fmt: skip

_USER = path_text("id", "Of the member.", "user_7")
_GONE = Content(record({"deleted": const(True)}), {"deleted": True})


def _none(what: str) -> dict[int, str]:
    return {404: f"There is no such {what}."}


def _listed(schema: Schema, example: Any) -> Content:
    return Content(
        record({"data": listing(schema), "total_count": integer(minimum=0)}),
        {"data": [example], "total_count": 1},
    )


_MEMBERS = (
    Operation(
        "get", "/organization/members", "listMembers", "List members",
        "The owner first, and then who came when.", Access.MANAGEMENT,
        (_listed(ref("Member"), _PERSON),),
    ),
    Operation(
        "patch", "/organization/members/{id}", "changeMember", "Change a member",
        "Their role and their budget. What is left away stays.", Access.MANAGEMENT,
        (Content(record({"data": ref("Member")}), {"data": _PERSON}),),
        parameters=(_USER,), body=Content(ref("MemberChange"), {"limit": 20}),
        errors=_none("member"),
    ),
    Operation(
        "delete", "/organization/members/{id}", "removeMember", "Remove a member",
        "Their keys for this account stop working now; what they spent stays in its history.",
        Access.MANAGEMENT, (_GONE,), parameters=(_USER,), errors=_none("member"),
    ),
)  # fmt: skip

_MEMBERSHIPS = (
    Operation(
        "get", "/organization/memberships", "listMemberships", "List memberships",
        "The accounts of others that you may use.", Access.MANAGEMENT,
        (Content(record({"data": listing(ref("Membership"))}), {"data": [_JOINED]}),),
    ),
    Operation(
        "delete", "/organization/memberships/{id}", "leaveOrganization", "Leave an account",
        "Your keys for it stop working now.", Access.MANAGEMENT, (_GONE,),
        parameters=(path_text("id", "Of the account.", "org_1"),), errors=_none("membership"),
    ),
)  # fmt: skip

_INVITATIONS = (
    Operation(
        "get", "/organization/invitations", "listInvitations", "List invitations",
        "Those that are open.", Access.MANAGEMENT, (_listed(ref("Invitation"), _INVITED),),
    ),
    Operation(
        "post", "/organization/invitations", "invite", "Invite somebody",
        "An e-mail goes out; the invitation is good for a week. An older one to the same address is"
        " withdrawn.",
        Access.MANAGEMENT,
        (
            Content(
                record({"data": ref("SentInvitation")}), {"data": {**_INVITED, "email_sent": True}}
            ),
        ),
        status=201,
        body=Content(
            ref("NewInvitation"),
            {"email": "carol@example.com", "limit": 20, "limit_reset": "monthly"},
        ),
        errors={409: "Too many members, or too many invitations in a day."},
    ),
    Operation(
        "delete", "/organization/invitations/{id}", "withdrawInvitation",
        "Withdraw an invitation", "Its token is worth nothing any more.", Access.MANAGEMENT,
        (_GONE,), parameters=(path_text("id", "Of the invitation.", "3"),),
        errors=_none("invitation"),
    ),
    Operation(
        "post", "/organization/invitations/accept", "acceptInvitation", "Accept an invitation",
        "With a management key of your own account. `key` is a management key for your keys in the"
        " other account; it is in this answer and nowhere else.",
        Access.MANAGEMENT,
        (
            Content(
                record({"data": ref("Membership"), "key": text("The secret.")}),
                {"data": _JOINED, "key": "sk-or-v1-…"},
            ),
        ),
        status=201, body=Content(ref("InvitationToken"), {"token": "7yQm0c4rZkq0H3…"}),
        errors={
            404: "There is no such invitation, it is over, or it is for another address.",
            409: "The account has as many management keys as are allowed.",
        },
    ),
)  # fmt: skip

GROUP = Group(
    "organization", "Members",
    "Share an account's credits: each member has keys and a budget of their own.",
    (*_MEMBERS, *_MEMBERSHIPS, *_INVITATIONS),
    {
        "Member": _MEMBER,
        "Membership": _MEMBERSHIP,
        "Invitation": record(_INVITATION, "An invitation that is open."),
        "SentInvitation": record({**_INVITATION, "email_sent": boolean()}, "A new invitation."),
        "MemberChange": record({"role": _ROLE, **_BUDGET}, _CLOSED, required=(), closed=True),
        "NewInvitation": record(
            {"email": text("Whom to invite.", maxLength=254), "role": _ROLE, **_BUDGET},
            _CLOSED, required=("email",), closed=True,
        ),
        "InvitationToken": record(
            {"token": text("From the e-mail.", minLength=1, maxLength=100)}, _CLOSED, closed=True
        ),
    },
)  # fmt: skip
