"""Prompts that an account wants kept: who is obeyed, when, and what lies in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from accounts import kept_prompts
from accounts.kept_prompts import Entry
from accounts.models import KeptPrompt, User
from catalog import encryption

pytestmark = pytest.mark.django_db
CANARY = "canary-4711"
ONE, TWO = "1" * 32, "2" * 32


def person(name="alice", **fields):
    return User.objects.create_user(f"{name}@example.com", **({"log_prompts": True} | fields))


def entry(user, id="gen-1", age=timedelta(0), text=CANARY):
    said = {"messages": [{"role": "user", "content": text}], "answer": "yes"}
    return Entry(id, user.pk, datetime.now(UTC) - age, said)


def test_what_was_said_can_be_read_and_is_not_in_the_database():
    alice = person()
    assert kept_prompts.store([entry(alice)]) == 1
    kept = kept_prompts.read(alice.pk, "gen-1")
    assert kept.document["messages"][0]["content"] == CANARY
    assert kept.document["answer"] == "yes"
    assert CANARY not in KeptPrompt.objects.get().encrypted


def test_nobody_reads_what_is_kept_for_another_account():
    alice, bob = person(), person("bob")
    kept_prompts.store([entry(alice)])
    assert kept_prompts.read(bob.pk, "gen-1") is None
    assert list(kept_prompts.all_of(bob.pk)) == []


def test_only_accounts_that_want_it_at_this_moment_are_kept():
    alice, bob = person(), person("bob", log_prompts=False)
    charlie = person("charlie", closed_at=datetime.now(UTC))
    several = [entry(alice, "gen-1"), entry(bob, "gen-2"), entry(charlie, "gen-3")]
    assert kept_prompts.store(several) == 1
    User.objects.filter(pk=alice.pk).update(log_prompts=False)
    assert kept_prompts.store([entry(alice, "gen-4")]) == 0
    # What is kept stays until it is old or erased.
    assert kept_prompts.read(alice.pk, "gen-1") is not None


def test_an_entry_that_comes_twice_is_kept_once():
    alice = person()
    kept_prompts.store([entry(alice)])
    kept_prompts.store([entry(alice, text="another")])
    assert kept_prompts.read(alice.pk, "gen-1").document["messages"][0]["content"] == CANARY


def test_erasing_takes_what_is_kept_and_what_still_waits_to_be():
    alice, bob = person(), person("bob")
    late = entry(alice, "gen-2")
    kept_prompts.store([entry(alice), entry(bob, "gen-3")])
    assert kept_prompts.erase(alice.pk) == 1
    assert kept_prompts.store([late]) == 0
    assert kept_prompts.count(alice.pk) == 0
    assert kept_prompts.count(bob.pk) == 1
    assert kept_prompts.store([entry(alice, "gen-4")]) == 1


def test_what_is_older_than_the_account_wants_is_not_shown_and_goes():
    alice, bob = person(prompt_days=2), person("bob", prompt_days=30)
    three_days = timedelta(days=3)
    kept_prompts.store(
        [entry(alice, "gen-1", three_days), entry(alice, "gen-2"), entry(bob, "gen-3", three_days)]
    )
    assert kept_prompts.read(alice.pk, "gen-1") is None
    assert kept_prompts.count(alice.pk) == 1
    assert kept_prompts.prune() == 1
    assert set(KeptPrompt.objects.values_list("pk", flat=True)) == {"gen-2", "gen-3"}
    # A shorter time counts for what is kept already.
    User.objects.filter(pk=bob.pk).update(prompt_days=1)
    assert kept_prompts.prune() == 1
    assert kept_prompts.prune() == 0


def test_all_of_an_account_comes_in_order_over_many_pages():
    alice = person()
    now = datetime.now(UTC)
    several = [Entry(f"gen-{number:03}", alice.pk, now, {"answer": ""}) for number in range(120)]
    kept_prompts.store(several)
    ids = [kept.generation_id for kept in kept_prompts.all_of(alice.pk)]
    assert ids == [f"gen-{number:03}" for number in range(120)]


def test_a_new_encryption_key_takes_kept_prompts_along(settings):
    settings.CREDENTIALS_KEY = ONE
    alice = person()
    kept_prompts.store([entry(alice)])
    settings.CREDENTIALS_KEY = f"{TWO},{ONE}"
    call_command("rotate_credentials")
    settings.CREDENTIALS_KEY = TWO
    assert kept_prompts.read(alice.pk, "gen-1").document["answer"] == "yes"
    settings.CREDENTIALS_KEY = "3" * 32
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(KeptPrompt.objects.get().encrypted)
    assert kept_prompts.read(alice.pk, "gen-1") is None
