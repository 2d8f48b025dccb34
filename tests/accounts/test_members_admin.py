"""What the operator sees of members: everything, and nothing to change."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import members
from accounts.models import Invitation, Member, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.com", "secret"))
    return client


@pytest.fixture
def member():
    alice, bob = (User.objects.create_user(f"{name}@example.com") for name in ("alice", "bob"))
    members.invite(alice, "charlie@example.com", invited_by="alice@example.com")
    return members.add(alice, bob, "member", actor="alice@example.com")


def test_members_and_their_history_are_shown(staff, member):
    assert b"bob@example.com" in staff.get("/admin/accounts/member/?q=alice").content
    page = staff.get(f"/admin/accounts/member/{member.pk}/change/").content.decode()
    assert "alice@example.com" in page and "role: None -&gt; member" in page
    assert staff.get("/admin/billing/memberbudget/").status_code == 200


def test_invitations_are_shown_without_their_digest(staff, member):
    row = Invitation.objects.get()
    page = staff.get(f"/admin/accounts/invitation/{row.pk}/change/").content.decode()
    assert "charlie@example.com" in page and row.digest not in page


def test_nothing_can_be_changed(staff, member):
    for path in ("member/add/", f"member/{member.pk}/delete/", "invitation/add/"):
        assert staff.get(f"/admin/accounts/{path}").status_code == 403
    staff.post(f"/admin/accounts/member/{member.pk}/change/", {"role": "admin"})
    assert Member.objects.get().role == "member"
