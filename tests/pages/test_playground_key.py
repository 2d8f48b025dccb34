"""The hidden key of the Playground: seen, limited and switched off like any, and nothing else."""

from __future__ import annotations

import pytest
from api_rows import person
from page_rows import DOLLAR, browser

from accounts import key_changes, keys, members, playground_key
from accounts.member_rows import Role
from accounts.models import ApiKey
from billing import key_creation
from billing.models import KeyBudget

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def bob():
    return person("bob")


def row_of(user, owner=None):
    digest = playground_key.digest_of(user, (owner or user).pk)
    return ApiKey.objects.get(digest=digest)


def test_there_is_one_for_each_account_and_holder(alice, bob):
    first = row_of(alice)
    assert row_of(alice) == first and first.is_playground and first.name == "Playground"
    assert playground_key.digest_of(bob, alice.pk) is None
    member = members.add(alice, bob, Role.MEMBER, actor="test")
    theirs = row_of(bob, alice)
    assert (theirs.user, theirs.member) == (alice, member)
    assert row_of(bob, alice) == theirs != row_of(bob)
    members.remove(member, actor="test")
    assert playground_key.digest_of(bob, alice.pk) is None
    members.add(alice, bob, Role.MEMBER, actor="test")
    again = row_of(bob, alice)
    assert again != theirs and not again.disabled


def test_its_page_has_a_badge_and_neither_rotates_nor_deletes(alice):
    row, client = row_of(alice), browser(alice)
    listed = client.get("/settings/keys").content.decode()
    assert "Playground" in listed and f"/settings/keys/{row.pk}" in listed
    page = client.get(f"/settings/keys/{row.pk}").content.decode()
    assert f"/settings/keys/{row.pk}/rotate" not in page
    assert f"/settings/keys/{row.pk}/delete" not in page
    assert "Nobody has its secret" in page
    for step in ("rotate", "delete"):
        path = f"/settings/keys/{row.pk}/{step}"
        assert client.get(path).status_code == 404
        assert client.post(path, {"name": "Playground", "overlap": "0"}).status_code == 404
    row.refresh_from_db()
    assert row.deleted_at is None and not row.disabled


def test_its_limit_and_models_can_be_set_and_its_name_cannot(alice):
    row, client = row_of(alice), browser(alice)
    form = {"name": "mine", "limit": "2.5", "period": "monthly", "lifetime": "30"}
    answer = client.post(f"/settings/keys/{row.pk}", form)
    assert answer.status_code == 302
    row.refresh_from_db()
    budget = KeyBudget.objects.get(key=row)
    assert (budget.limit_nano, budget.period) == (5 * DOLLAR // 2, "monthly")
    assert (row.name, row.expires_at) == ("Playground", None)


def test_it_can_be_switched_off_and_on(alice):
    row, client = row_of(alice), browser(alice)
    client.post(f"/settings/keys/{row.pk}/switch", {"disabled": "1"})
    row.refresh_from_db()
    assert row.disabled
    client.post(f"/settings/keys/{row.pk}/switch", {"disabled": "0"})
    row.refresh_from_db()
    assert not row.disabled


def test_the_api_does_not_list_or_change_it(alice):
    row = row_of(alice)
    _, management = key_creation.create(alice.pk, "m", actor="test", is_management=True)
    client = browser()
    headers = {"authorization": f"Bearer {management}"}
    found = client.get("/api/v1/keys", headers=headers).json()
    assert row.digest not in [each["hash"] for each in found["data"]]
    for method in (client.get, client.patch, client.delete):
        answer = method(f"/api/v1/keys/{row.digest}", headers=headers)
        assert answer.status_code == 404


def test_it_does_not_count_among_the_keys_of_a_person(alice):
    row = row_of(alice)
    assert row not in keys.of_user(alice.pk)
    key_changes.change(row, {"disabled": True}, actor="test")
    assert playground_key.digest_of(alice, alice.pk) == row.digest
