"""Budgets of members: all keys of one together, in their period, whatever else limits the key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from ledger_rows import DOLLAR, Person, admit, person, posted, settle, user_of, write

from accounts import keys, members
from accounts.models import ApiKey, Member, MemberChange, User
from billing import verify
from billing.key_limits import set_limit, set_member_budget
from billing.models import MemberBudget
from billing.refusals import KeyDisabled, KeyLimitExceeded, MemberBudgetExceeded
from billing.writer import run_now


def member_of(owner, name="bob", count=2):
    """(member, that many keys of theirs as people who spend)."""
    user = User.objects.create_user(f"{name}@example.com")
    member = members.add(user_of(owner), user, "member", actor="test")
    rows = [keys.create(user_of(owner), member=member)[0] for _ in range(count)]
    return member, [Person(owner.user_id, owner.account_id, row.pk) for row in rows]


def spend(tmp_path, who, id, amount_nano):
    ended = settle(who, id, amount_nano, created_at=datetime.now(UTC))
    return write(tmp_path, admit(who, amount_nano, id=id), ended)


def test_keys_of_a_member_share_the_budget_and_spend_the_owners_credits(books, tmp_path):
    alice = person()
    member, (first, second) = member_of(alice)
    set_member_budget(member, 1000, actor="test")
    spend(tmp_path, first, "gen-1", 600)
    with pytest.raises(MemberBudgetExceeded) as refused:
        run_now(admit(second, 500, id="gen-2"))
    assert (refused.value.available_nano, refused.value.limit_nano) == (400, 1000)
    assert run_now(admit(second, 500, minimum_nano=100, id="gen-3")) == 400
    run_now(settle(second, "gen-3", 0))
    assert posted(alice) == 10 * DOLLAR - 600
    assert run_now(admit(alice, 5000, id="gen-4")) == 5000
    run_now(settle(alice, "gen-4", 0))


def test_the_lesser_of_key_limit_and_budget_decides(books, tmp_path):
    member, (first, second) = member_of(person())
    set_member_budget(member, 1000, actor="test")
    set_limit(ApiKey.objects.get(pk=first.key_id), 300, actor="test")
    with pytest.raises(KeyLimitExceeded) as refused:
        run_now(admit(first, 400, id="gen-1"))
    assert not isinstance(refused.value, MemberBudgetExceeded)
    set_limit(ApiKey.objects.get(pk=first.key_id), 3000, actor="test")
    with pytest.raises(MemberBudgetExceeded):
        run_now(admit(first, 1100, id="gen-2"))


def test_budget_counts_what_was_spent_before_it_was_set_and_in_its_period(books, tmp_path):
    member, (first, second) = member_of(person())
    spend(tmp_path, first, "gen-1", 300)
    spend(tmp_path, second, "gen-2", 400)
    assert set_member_budget(member, 1000, actor="alice")
    assert MemberBudget.objects.get().spent_nano == 700
    assert set_member_budget(member, 1000, "daily", actor="alice")
    budget = MemberBudget.objects.get()
    assert (budget.spent_nano, budget.period_start) == (700, datetime.now(UTC).date())
    assert not set_member_budget(member, 1000, "daily", actor="alice")
    newest = MemberChange.objects.first()
    assert (newest.actor, newest.what) == ("alice", {"limit_reset": ["", "daily"]})


def test_hold_that_is_open_when_the_period_changes_counts_in_the_new_one(books, tmp_path):
    member, (first, _) = member_of(person())
    write(tmp_path, admit(first, 600, id="gen-1"))
    set_member_budget(member, 1000, "monthly", actor="test")
    write(tmp_path, settle(first, "gen-1", 500, created_at=datetime.now(UTC)))
    budget = MemberBudget.objects.get()
    assert (budget.spent_nano, budget.spent_total_nano, budget.held_nano) == (500, 500, 0)


def test_removed_member_and_closed_person_are_refused_at_once(books):
    member, (first, _) = member_of(person())
    User.objects.filter(pk=member.user_id).update(is_active=False)
    with pytest.raises(KeyDisabled):
        run_now(admit(first, 100, id="gen-1"))
    User.objects.filter(pk=member.user_id).update(is_active=True)
    Member.objects.filter(pk=member.pk).update(removed_at=datetime.now(UTC))
    with pytest.raises(KeyDisabled):
        run_now(admit(first, 100, id="gen-2"))


def test_checker_finds_a_budget_that_lies(ledger_database, tmp_path):
    member, (first, _) = member_of(person())
    spend(tmp_path, first, "gen-1", 300)
    assert verify.check() == []
    MemberBudget.objects.update(spent_total_nano=299, held_nano=5)
    assert {each.invariant for each in verify.check()} == {"I2", "I9"}
    MemberBudget.objects.update(spent_total_nano=300, held_nano=0)
    mallory = person("mallory")
    ApiKey.objects.filter(pk=first.key_id).update(user_id=mallory.user_id)
    assert "I9" in {each.invariant for each in verify.check()}


def test_command_adds_a_member_with_a_budget(books, capsys):
    alice = person()
    call_command(
        "add_member", owner="alice@example.com", email="Bob@example.com", budget="20",
        budget_reset="monthly",
    )  # fmt: skip
    key = keys.authenticate_blocking(f"Bearer {capsys.readouterr().out.strip()}")
    assert (key.user_id, key.role, key.is_management) == (alice.user_id, "member", True)
    budget = MemberBudget.objects.get(member__user__email="bob@example.com")
    assert (budget.limit_nano, budget.period) == (20 * DOLLAR, "monthly")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"owner": "nobody@example.com"}, "nobody has"), ({"email": "alice@example.com"}, "own"),
     ({"email": "bob"}, "--email 'bob' is not"), ({"budget": "x"}, "--budget"),
     ({"budget_reset": "daily"}, "needs --budget")],
)  # fmt: skip
def test_command_says_what_is_wrong(books, arguments, says):
    person()
    known = {"owner": "alice@example.com", "email": "bob@example.com"}
    with pytest.raises(CommandError, match=says):
        call_command("add_member", **(known | arguments))
    assert not Member.objects.exists()
