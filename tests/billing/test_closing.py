"""A person leaves: nothing says who it was, nothing works, and the books still add up."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from ledger_rows import DOLLAR, admit, person, settle, write

from accounts import kept_prompts, key_changes, keys, members, provider_keys
from accounts.kept_prompts import Entry
from accounts.models import (
    ApiKey,
    Invitation,
    KeptPrompt,
    KeyChange,
    Member,
    MemberChange,
    ProviderKey,
    User,
)
from billing import closing, verify
from billing.models import Account, AutoTopUp, Checkout, Generation, Hold, Transfer
from catalog.models import Provider
from openrouter_site.errors import Unauthorized

NAMES = ("alice", "Liddell", "wonder-app", "wonder-agent", "seed=77")


def user_of(person):
    return User.objects.get(pk=person.user_id)


def everything():
    """Every row of every table, as text."""
    found = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [f"{table}: {row}" for row in cursor.fetchall()]
    return found


@contextlib.contextmanager
def after_some_days():
    """Inside, closed holds are gone, as billing.prune deletes them when their transfers are old."""
    holds = list(Hold.objects.all())
    Hold.objects.all().delete()
    yield
    Hold.objects.bulk_create(holds)


@pytest.fixture
def alice(books, tmp_path):
    """She left a trace wherever one can be left."""
    alice = person(credits_nano=DOLLAR)
    user = user_of(alice)
    User.objects.filter(pk=user.pk).update(
        first_name="alice", last_name="Liddell", log_prompts=True, default_model="alice/model",
        last_login=datetime.now(UTC),
    )  # fmt: skip
    user.set_password("wonder-pass-word")
    user.save()
    said = {"app_title": "wonder-app", "user_agent": "wonder-agent", "parameters": "seed=77"}
    for number in range(3):
        id = f"gen-{number}"
        write(tmp_path, admit(alice, 1000, id=id), settle(alice, id, 7, **said))
    kept_prompts.store([Entry("gen-0", user.pk, datetime.now(UTC), {"prompt": "alice"})])
    row, _ = keys.create(user, "key of alice")
    key_changes.change(row, {"name": "key of alice, again"}, actor=user.email)
    openai = Provider.objects.create(slug="openai", name="OpenAI", base_url="https://o.example")
    provider_keys.create(user.pk, openai, "sk-own-0123456789abWXYZ", {"name": "alice"})
    members.invite(user, "dora@example.com", invited_by=user.email)
    AutoTopUp.objects.create(user=user, account_id=alice.account_id, customer_id="cus_alice")
    Checkout.objects.create(
        id="chk1", user=user, account_id=alice.account_id, kind="checkout", state="failed",
        amount_nano=DOLLAR, url="https://pay.example/alice", created_at=datetime.now(UTC),
    )  # fmt: skip
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk),
        object_repr=user.email, action_flag=CHANGE,
    )  # fmt: skip
    return alice


def test_nothing_that_stays_says_who_it_was(alice):
    closing.close(user_of(alice))
    with after_some_days():
        assert closing.scrub_all() == 1
        traces = [row for row in everything() if any(name in row for name in NAMES)]
        assert traces == []
    user = user_of(alice)
    assert user.closed_at and user.scrubbed_at and not user.is_active
    assert not user.has_usable_password()
    assert (ProviderKey.objects.count(), KeptPrompt.objects.count()) == (0, 0)
    assert (Invitation.objects.count(), AutoTopUp.objects.count()) == (0, 0)
    assert closing.scrub_all() == 0


def test_the_books_stay_and_add_up(alice):
    before = list(Transfer.objects.order_by("pk").values())
    spent = sum(Generation.objects.values_list("cost_nano", flat=True))
    closing.close(user_of(alice))
    assert list(Transfer.objects.order_by("pk").values()) == before
    assert sum(Generation.objects.values_list("cost_nano", flat=True)) == spent == 21
    assert Account.objects.get(pk=alice.account_id).posted_nano == DOLLAR - 21
    assert Checkout.objects.get().account_id == alice.account_id
    assert [str(each) for each in verify.check()] == []


def test_no_key_and_no_session_works_any_more(alice):
    user = user_of(alice)
    _, text = keys.create(user, "another")
    assert keys.authenticate_blocking(f"Bearer {text}").user_id == user.pk
    for pk in (user.pk, user.pk + 1):
        store = SessionStore()
        store[SESSION_KEY] = str(pk)
        store.create()
    closing.close(user)
    with pytest.raises(Unauthorized):
        keys.authenticate_blocking(f"Bearer {text}")
    (left,) = Session.objects.all()
    assert left.get_decoded()[SESSION_KEY] == str(user.pk + 1)


def test_who_was_a_member_somewhere_leaves_and_whose_members_there_were_lose_their_keys(alice):
    bob, charlie = person("bob"), person("charlie")
    of_alice = members.add(user_of(alice), user_of(bob), "member", actor="alice@example.com")
    of_charlie = members.add(user_of(charlie), user_of(alice), "admin", actor="alice@example.com")
    _, bobs = keys.create(user_of(alice), "bob's", member=of_alice)
    _, alices = keys.create(user_of(charlie), "alice's", member=of_charlie)
    _, charlies = keys.create(user_of(charlie), "charlie's")
    closing.close(user_of(alice))
    for text in (bobs, alices):
        with pytest.raises(Unauthorized):
            keys.authenticate_blocking(f"Bearer {text}")
    assert keys.authenticate_blocking(f"Bearer {charlies}").user_id == charlie.user_id
    assert not Member.objects.filter(removed_at=None).exists()
    assert not MemberChange.objects.filter(actor="alice@example.com").exists()
    assert not KeyChange.objects.filter(actor="alice@example.com").exists()
    assert not ApiKey.objects.filter(name__contains="alice").exists()
    assert user_of(bob).is_active and user_of(charlie).is_active


def test_the_address_is_free_again(alice):
    closing.close(user_of(alice))
    again = User.objects.create_user("alice@example.com")
    assert again.pk != alice.user_id


def test_what_still_runs_is_scrubbed_when_it_is_over(alice, tmp_path):
    write(tmp_path, admit(alice, 1000, id="gen-late"))
    closing.close(user_of(alice))
    assert closing.scrub_all() == 0
    write(tmp_path, settle(alice, "gen-late", 5, app_title="wonder-app"))
    with after_some_days():
        assert closing.scrub_all() == 1
    assert not Generation.objects.exclude(app_title="").exists()


def test_the_last_operator_stays(alice):
    User.objects.filter(pk=alice.user_id).update(is_superuser=True)
    with pytest.raises(closing.LastOperator):
        closing.close(user_of(alice))
    assert user_of(alice).is_active
    bob = User.objects.create_superuser("bob@example.com")
    closing.close(user_of(alice))
    assert not user_of(alice).is_superuser
    assert bob.is_superuser


def test_many_requests_are_scrubbed_in_pages(alice, monkeypatch):
    monkeypatch.setattr(closing, "_ROWS_AT_ONCE", 1)
    assert not closing.scrub(alice.user_id, pages=2)
    assert Generation.objects.exclude(app_title="").count() == 1
    with after_some_days():
        assert closing.scrub(alice.user_id)
    assert not Generation.objects.exclude(app_title="").exists()


def test_every_table_that_points_at_a_user_either_stays_or_goes_on_purpose():
    """A table of tomorrow goes, unless its name is put into KEPT with a reason."""
    relations = closing.pointing_at_users()
    pointing = {relation.related_model._meta.label_lower for relation in relations}
    assert pointing >= closing.KEPT
    gone = pointing - closing.KEPT
    assert {"accounts.providerkey", "accounts.keptprompt", "accounts.invitation"} <= gone
    assert "billing.autotopup" in gone
