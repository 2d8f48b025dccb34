"""Who of an account may see and change what: its owner, an admin, a member, a stranger."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from api_rows import error_of, generation, key_of, person
from django.utils import timezone
from key_calls import KEYS, created, send
from member_rows import ORGANIZATION, small_organization

from accounts import members
from accounts.models import ApiKey, KeyChange, Member, MemberChange
from billing.key_limits import set_member_budget
from billing.models import MemberBudget

pytestmark = pytest.mark.django_db
MEMBERS = f"{ORGANIZATION}/members"
MEMBER_FIELDS = {
    "id", "email", "first_name", "last_name", "role", "is_owner", "limit", "limit_remaining",
    "limit_reset", "usage", "created_at",
}  # fmt: skip


@pytest.fixture
def people():
    return small_organization()


def names(client, headers):
    return {each["name"] for each in client.get(KEYS, headers=headers).json()["data"]}


def test_list_has_the_owner_first_and_then_who_came_when(client, people):
    alice, bob, charlie = people
    answer = client.get(MEMBERS, headers=bob.manager).json()
    assert [each["email"].split("@")[0] for each in answer["data"]] == ["alice", "bob", "charlie"]
    assert [each["role"] for each in answer["data"]] == ["org:admin", "org:admin", "org:member"]
    assert [each["is_owner"] for each in answer["data"]] == [True, False, False]
    assert answer["total_count"] == 3
    assert all(set(each) == MEMBER_FIELDS for each in answer["data"])
    assert answer["data"][2]["id"] == f"user_{charlie.user.pk}"


def test_each_sees_the_keys_that_are_his_to_manage(client, people):
    alice, bob, charlie = people
    assert names(client, alice.manager) == {"alice calls", "bob calls", "charlie calls"}
    assert names(client, bob.manager) == {"bob calls", "charlie calls"}
    assert names(client, charlie.manager) == {"charlie calls"}
    _, _, stranger = key_of(person("dave"), is_management=True)
    assert names(client, stranger) == set()


@pytest.mark.parametrize(
    ("who", "whose", "found"),
    [("alice", "charlie", True), ("bob", "charlie", True), ("bob", "alice", False),
     ("charlie", "bob", False), ("charlie", "alice", False), ("charlie", "charlie", True)],
)  # fmt: skip
def test_key_of_another_is_changed_or_not_found(client, people, who, whose, found):
    by_name = dict(zip(("alice", "bob", "charlie"), people, strict=True))
    path = f"{KEYS}/{by_name[whose].key.digest}"
    answer = send(client, "PATCH", path, by_name[who].manager, {"disabled": True})
    assert answer.status_code == (200 if found else 404)
    by_name[whose].key.refresh_from_db()
    assert by_name[whose].key.disabled is found


def test_key_made_by_a_member_spends_from_the_account_and_bears_the_members_name(client, people):
    alice, _, charlie = people
    data = created(client, charlie.manager)["data"]
    assert data["creator_user_id"] == f"user_{charlie.user.pk}"
    row = ApiKey.objects.get(digest=data["hash"])
    assert (row.user, row.member) == (alice.user, charlie.member)


def test_admin_makes_a_key_for_a_member_and_nobody_else(client, people):
    alice, bob, charlie = people
    data = created(client, bob.manager, creator_user_id=f"user_{charlie.user.pk}")["data"]
    assert ApiKey.objects.get(digest=data["hash"]).member == charlie.member
    stranger = person("dave")
    for wanted in (alice.user, stranger):
        body = {"name": "x", "creator_user_id": f"user_{wanted.pk}"}
        error = error_of(send(client, "POST", KEYS, bob.manager, body), 400)
        assert error["metadata"]["field"] == "creator_user_id"
    body = {"name": "x", "creator_user_id": f"user_{bob.user.pk}"}
    error_of(send(client, "POST", KEYS, charlie.manager, body), 403)
    for nonsense in ("7", "user_", "user_x", 7, "user_" + "9" * 30, "org_1"):
        error_of(send(client, "POST", KEYS, bob.manager, body | {"creator_user_id": nonsense}), 400)


def test_generation_is_shown_to_whoever_made_it_and_to_the_managers(client, people):
    alice, bob, charlie = people
    made = generation(alice.user, bob.key)
    path = f"/api/v1/generation?id={made.pk}"
    for headers in (alice.caller, alice.manager, bob.caller):
        assert client.get(path, headers=headers).json()["data"]["id"] == made.pk
    error_of(client.get(path, headers=charlie.caller), 404)
    mine = generation(alice.user, charlie.key)
    path = f"/api/v1/generation?id={mine.pk}"
    assert client.get(path, headers=charlie.caller).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/v1/credits", {"alice", "bob"}),
     ("GET", "/api/v1/credits/statement", {"alice", "bob"}),
     ("GET", "/api/v1/byok", {"alice", "bob"}),
     ("GET", "/api/v1/byok/1", {"alice", "bob"}),
     ("GET", MEMBERS, {"alice", "bob"}),
     ("GET", f"{ORGANIZATION}/invitations", {"alice", "bob"}),
     ("POST", f"{ORGANIZATION}/invitations", {"alice", "bob"}),
     ("DELETE", f"{ORGANIZATION}/invitations/1", {"alice", "bob"}),
     ("PATCH", f"{MEMBERS}/user_999", {"alice", "bob"}),
     ("DELETE", f"{MEMBERS}/user_999", {"alice", "bob"}),
     ("GET", f"{ORGANIZATION}/memberships", {"alice", "bob", "charlie"}),
     ("GET", "/api/v1/credits/payments", {"alice"}),
     ("POST", "/api/v1/credits/refund", {"alice"}),
     ("GET", "/api/v1/credits/auto-top-up", {"alice"}),
     ("POST", "/api/v1/credits/checkout", {"alice"})],
)  # fmt: skip
def test_what_is_not_ones_to_do_is_forbidden(client, people, method, path, allowed):
    for name, who in zip(("alice", "bob", "charlie"), people, strict=True):
        answer = send(client, method, path, who.manager, {})
        assert (answer.status_code != 403) is (name in allowed), (name, answer.content)


@pytest.mark.parametrize("path", ["members", "memberships", "invitations"])
def test_other_keys_than_management_keys_are_forbidden(client, people, path):
    for who in people:
        error_of(client.get(f"{ORGANIZATION}/{path}", headers=who.caller), 403)


def test_budget_is_set_and_shown_to_the_member(client, people):
    _, bob, charlie = people
    path = f"{MEMBERS}/user_{charlie.user.pk}"
    data = send(client, "PATCH", path, bob.manager, {"limit": 2.5, "limit_reset": "weekly"}).json()
    assert (data["data"]["limit"], data["data"]["limit_reset"]) == (2.5, "weekly")
    MemberBudget.objects.filter(pk=charlie.member.pk).update(spent_nano=500_000_000)
    seen = client.get("/api/v1/key", headers=charlie.caller).json()["data"]
    assert seen["effective_budget"]["remaining_usd"] == 2
    assert seen["budgets"][0]["reset_interval"] == "weekly"
    resets_at = datetime.fromisoformat(seen["budgets"][0]["resets_at"])
    assert (resets_at.weekday(), resets_at.timetz()) == (0, time(tzinfo=UTC))
    assert timedelta(0) < resets_at - timezone.now() <= timedelta(days=7)
    assert seen["organization_id"] == f"org_{charlie.key.user_id}"
    assert (seen["limit"], seen["creator_user_id"]) == (None, f"user_{charlie.user.pk}")
    assert seen["rate_limit"]["requests"] == 2
    data = send(client, "PATCH", path, bob.manager, {"limit": None}).json()["data"]
    assert (data["limit"], data["limit_reset"]) == (None, "weekly")
    send(client, "PATCH", path, bob.manager, {"limit": 1, "limit_reset": None})
    seen = client.get("/api/v1/key", headers=charlie.caller).json()["data"]["effective_budget"]
    assert (seen["reset_interval"], seen["resets_at"]) == (None, None)
    changes = MemberChange.objects.filter(member=charlie.member).values_list("what", flat=True)
    assert {"limit": [None, "2.5"], "limit_reset": ["", "weekly"]} in changes


def test_only_the_owner_makes_changes_and_removes_admins(client, people):
    alice, bob, charlie = people
    path = f"{MEMBERS}/user_{charlie.user.pk}"
    error_of(send(client, "PATCH", path, bob.manager, {"role": "org:admin"}), 403)
    error_of(send(client, "DELETE", f"{MEMBERS}/user_{bob.user.pk}", bob.manager), 403)
    assert send(client, "PATCH", path, alice.manager, {"role": "org:admin"}).status_code == 200
    assert names(client, charlie.manager) == {"bob calls", "charlie calls"}
    assert send(client, "DELETE", path, alice.manager).json() == {"deleted": True}


def test_role_must_be_one_there_is(client, people):
    alice, _, charlie = people
    path = f"{MEMBERS}/user_{charlie.user.pk}"
    for wrong in ("admin", "owner", None, 1, []):
        error = error_of(send(client, "PATCH", path, alice.manager, {"role": wrong}), 400)
        assert error["metadata"]["field"] == "role"


def test_removed_members_keys_work_no_more_and_stay_in_the_books(client, people):
    alice, bob, charlie = people
    send(client, "DELETE", f"{MEMBERS}/user_{charlie.user.pk}", bob.manager)
    for headers in (charlie.caller, charlie.manager):
        error_of(client.get("/api/v1/key", headers=headers), 401)
    assert ApiKey.objects.filter(member=charlie.member, disabled=True).count() == 2
    assert KeyChange.objects.filter(key=charlie.key, reason="no more a member").exists()
    assert names(client, alice.manager) == {"alice calls", "bob calls"}
    error_of(send(client, "DELETE", f"{MEMBERS}/user_{charlie.user.pk}", bob.manager), 404)


def test_inactive_person_loses_the_keys_in_other_accounts_too(client, people):
    _, _, charlie = people
    charlie.user.is_active = False
    charlie.user.save()
    error_of(client.get("/api/v1/key", headers=charlie.caller), 401)


def test_member_leaves(client, people):
    _, _, charlie = people
    _, _, own = key_of(charlie.user, is_management=True)
    (membership,) = client.get(f"{ORGANIZATION}/memberships", headers=own).json()["data"]
    assert membership["owner_email"] == "alice@example.com"
    path = f"{ORGANIZATION}/memberships/{membership['organization_id']}"
    assert send(client, "DELETE", path, own).json() == {"deleted": True}
    assert client.get(f"{ORGANIZATION}/memberships", headers=own).json() == {"data": []}
    error_of(send(client, "DELETE", path, own), 404)
    error_of(send(client, "DELETE", f"{ORGANIZATION}/memberships/org_x", own), 404)
    error_of(client.get("/api/v1/key", headers=charlie.caller), 401)


def test_members_of_another_account_are_not_found(client, people):
    _, _, charlie = people
    _, _, stranger = key_of(person("dave"), is_management=True)
    for id in (f"user_{charlie.user.pk}", "user_x", "me", "user_" + "9" * 40):
        error_of(send(client, "PATCH", f"{MEMBERS}/{id}", stranger, {}), 404)
        error_of(send(client, "DELETE", f"{MEMBERS}/{id}", stranger), 404)


def test_who_comes_back_has_the_old_row_and_no_old_key(client, people):
    alice, _, charlie = people
    set_member_budget(charlie.member, 5, actor="test")
    members.remove(charlie.member, actor="test")
    again = members.add(alice.user, charlie.user, "member", actor="test")
    assert again.pk == charlie.member.pk and again.removed_at is None
    assert Member.objects.filter(user=charlie.user).count() == 1
    error_of(client.get("/api/v1/key", headers=charlie.caller), 401)


def test_key_of_a_member_is_one_of_the_accounts_owner(people):
    alice, _, charlie = people
    with pytest.raises(ValueError, match="spends from"):
        key_of(person("dave"), member=charlie.member)


def test_queries_do_not_grow_with_the_members(client, people, django_assert_max_num_queries):
    alice, _, _ = people
    for number in range(10):
        members.add(alice.user, person(f"m{number}"), "member", actor="test")
    client.get(MEMBERS, headers=alice.manager)
    with django_assert_max_num_queries(6):
        assert client.get(MEMBERS, headers=alice.manager).json()["total_count"] == 13
