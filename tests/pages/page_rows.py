"""An account with people in it, for the tests of pages: functions, each field with a default.

alice owns it, bob is an admin there, charlie a member, dave was one; erin has no part in it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime

from api_rows import person
from django.test import Client
from sessions import sign_in

from accounts import keys, members
from accounts.models import ApiKey, Invitation, Member, User
from billing import key_creation
from billing.models import Generation, KeyBudget

DOLLAR = 10**9
NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def browser(user=None):
    """A browser, signed in if there is a user."""
    client = Client()
    if user is not None:
        sign_in(client, user)
    return client


def key_of(owner, name="ci", **fields):
    """(row, key) of a new key; `spent` in nano-dollars."""
    spent = fields.pop("spent", 0)
    row, text = key_creation.create(owner.pk, name, actor=owner.email, **fields)
    if spent:
        KeyBudget.objects.get_or_create(key=row)
        KeyBudget.objects.filter(key=row).update(spent_nano=spent, spent_total_nano=spent)
    return row, text


def generation(row, created_at=NOON, cost_nano=0):
    return Generation.objects.create(
        id=f"gen-{next(_numbers)}", user_id=row.user_id, key=row, model="openai/gpt-4",
        cost_nano=cost_nano, created_at=created_at, streamed=False, usage_source="upstream",
        tokens_prompt=1, tokens_completion=1, native_tokens_prompt=1, native_tokens_completion=1,
    )  # fmt: skip


@dataclass(frozen=True)
class World:
    """`keys`, `members`, `invitation`: of alice's account, by the name of whose they are."""

    alice: User
    bob: User
    charlie: User
    dave: User
    erin: User
    keys: dict[str, ApiKey]
    members: dict[str, Member]
    invitation: Invitation


def world():
    alice, bob, charlie, dave, erin = map(person, ("alice", "bob", "charlie", "dave", "erin"))
    there = {
        user: members.add(alice, user, role, actor="test")
        for user, role in ((bob, "admin"), (charlie, "member"), (dave, "member"))
    }
    rows = {"alice": keys.create(alice, "alice's")[0]}
    for user, member in there.items():
        name = user.email.partition("@")[0]
        rows[name] = keys.create(alice, f"{name}'s", member=member)[0]
    members.remove(there[dave], actor="test")
    keys.create(erin, "erin's")
    invitation, _ = members.invite(alice, "frank@example.com", invited_by="test")
    return World(
        alice, bob, charlie, dave, erin, rows,
        {user.email.partition("@")[0]: member for user, member in there.items()}, invitation,
    )  # fmt: skip
