"""Builders of people, holds and generations, and the running of operations."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from accounts import keys
from accounts.models import User
from billing.book import GenerationRow
from billing.capture import Recover, Settle
from billing.credits import account_id, grant
from billing.journal import Journal
from billing.ledger import Admit
from billing.models import Account, KeyBudget
from billing.writer import Writer
from openrouter_site.errors import Unavailable

DOLLAR = 1_000_000_000
NOW = datetime(2024, 5, 15, 12, 0, tzinfo=UTC)  # a Wednesday
_serial = itertools.count(1)


@dataclass(frozen=True)
class Person:
    user_id: int
    account_id: str
    key_id: int


def person(name="alice", credits_nano=10 * DOLLAR, limit_nano=None, period=""):
    """A user with credits and a key."""
    user = User.objects.create_user(f"{name}@example.com")
    row, _ = keys.create(user)
    KeyBudget.objects.create(key=row, limit_nano=limit_nano, period=period)
    if credits_nano:
        grant(user, credits_nano, "test")
    return Person(user.pk, account_id(user), row.pk)


def generation(person, id=None, **fields):
    values = {
        "id": id or f"gen-{next(_serial):08d}",
        "user_id": person.user_id,
        "key_id": person.key_id,
        "created_at": NOW,
        "model": "openai/gpt-4",
    }
    return GenerationRow(**(values | fields))


def admit(person, amount_nano=DOLLAR, minimum_nano=None, id=None, instance_id="one", **fields):
    draft = generation(person, id)
    return Admit(
        account_id=person.account_id,
        key_id=person.key_id,
        hold_id=draft.id,
        amount_nano=amount_nano,
        minimum_nano=amount_nano if minimum_nano is None else minimum_nano,
        details=orjson.dumps(draft).decode(),
        instance_id=instance_id,
        **fields,
    )


def settle(person, hold_id, cost_nano, overrun="absorb", **fields):
    return Settle(
        account_id=person.account_id,
        key_id=person.key_id,
        hold_id=hold_id,
        cost_nano=cost_nano,
        overrun=overrun,
        generation=generation(person, hold_id, **fields),
    )


def recover(person, hold_id):
    return Recover(account_id=person.account_id, key_id=person.key_id, hold_id=hold_id)


@contextlib.asynccontextmanager
async def writer_of(folder):
    """A running writer with its journal in `folder`."""
    writer = Writer(Journal(folder / "journal", "test"))
    writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


async def try_hold(writer, operation):
    """ "admitted", or the name of the refusal; whoever is shed comes again."""
    while True:
        try:
            await writer.submit(operation)
        except Unavailable:
            await asyncio.sleep(0.01)
        except Exception as error:
            return type(error).__name__
        else:
            return "admitted"


def one_who_spent(folder, cost_nano):
    """Alice, who had $10 before her generation gen-1."""
    alice = person()
    write(folder, admit(alice, 1000, id="gen-1"), settle(alice, "gen-1", cost_nano))
    return alice


def user_of(person):
    return User.objects.get(pk=person.user_id)


def posted(person):
    return Account.objects.get(pk=person.account_id).posted_nano


def write(folder, *operations):
    """Submit all at once to a new writer; their outcomes, exceptions among them."""

    async def main():
        async with writer_of(folder) as writer:
            submitted = [writer.submit(operation) for operation in operations]
            return await asyncio.gather(*submitted, return_exceptions=True)

    return asyncio.run(main())
