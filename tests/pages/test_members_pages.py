"""Members in the browser: who is there, inviting, budgets, removing, leaving."""

from __future__ import annotations

import pytest
from api_rows import person
from django.db import connection
from django.test.utils import CaptureQueriesContext
from page_rows import DOLLAR, NOON, browser, generation, world

from accounts import members
from accounts.models import Invitation, Member, User
from billing.key_limits import set_member_budget
from billing.models import MemberBudget

pytestmark = pytest.mark.django_db
PAGE = "/settings/members"
INVITE = f"{PAGE}/invite"


@pytest.fixture
def there():
    return world()


def form(**fields):
    return {"email": "Gina@Example.com", "role": "member", "limit": "", "period": ""} | fields


def test_members_are_listed_with_what_they_spend_and_when(there):
    set_member_budget(there.members["charlie"], 20 * DOLLAR, "monthly", actor="test")
    MemberBudget.objects.filter(member=there.members["charlie"]).update(
        spent_nano=5 * DOLLAR, spent_total_nano=7 * DOLLAR
    )
    generation(there.keys["charlie"])
    page = browser(there.alice).get(PAGE)
    by_email = {each.row.user.email: each for each in page.context["members"]}
    assert set(by_email) == {"bob@example.com", "charlie@example.com"}
    charlie = by_email["charlie@example.com"]
    assert (charlie.keys, charlie.last_used_at) == (1, NOON)
    html = page.content.decode()
    for words in ("$5.00 of $20.00", "$7.00", "Admin", "Owner", "frank@example.com"):
        assert words in html
    assert "dave@example.com" not in html


def test_queries_do_not_grow_with_the_members(there):
    client = browser(there.alice)

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    count()  # what is read once
    before = count()
    for number in range(10):
        members.add(there.alice, person(f"member{number}"), "member", actor="test")
    assert count() == before


def test_invitation_is_mailed_with_its_budget(there, mailoutbox):
    answer = browser(there.alice).post(INVITE, form(limit="12.5", period="weekly", role="admin"))
    assert answer["Location"] == PAGE
    row = Invitation.objects.get(email="gina@example.com")
    assert (row.owner, row.role, row.invited_by) == (there.alice, "admin", "alice@example.com")
    assert (row.limit_nano, row.period) == (12_500_000_000, "weekly")
    (mail,) = mailoutbox
    assert mail.to == ["gina@example.com"]
    assert "/invitations/" in mail.body


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"email": "nobody"}, "email"), ({"email": "alice@example.com"}, "email"),
     ({"email": "bob@example.com"}, "email"), ({"role": "owner"}, "role"),
     ({"limit": "-1"}, "limit"), ({"period": "daily"}, "limit")],
)  # fmt: skip
def test_wrong_invitation_is_refused_at_its_field(there, fields, field, mailoutbox):
    answer = browser(there.alice).post(INVITE, form(**fields))
    assert field in answer.context["form"].errors
    assert Invitation.objects.count() == 1
    assert not mailoutbox


def test_mail_that_cannot_be_sent_is_said(there, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    html = browser(there.alice).post(INVITE, form(), follow=True).content.decode()
    assert "could not be sent" in html


def test_invitation_is_withdrawn(there):
    browser(there.alice).post(f"{PAGE}/invitations/{there.invitation.pk}/withdraw")
    there.invitation.refresh_from_db()
    assert there.invitation.withdrawn_at is not None
    assert "frank@example.com" not in browser(there.alice).get(PAGE).content.decode()


def test_role_and_budget_are_changed_and_remembered(there):
    member = there.members["charlie"]
    path = f"{PAGE}/{member.pk}"
    answer = browser(there.alice).post(path, form(role="admin", limit="3", period="daily"))
    assert answer["Location"] == PAGE
    member.refresh_from_db()
    budget = MemberBudget.objects.get(member=member)
    assert (member.role, budget.limit_nano, budget.period) == ("admin", 3 * DOLLAR, "daily")
    html = browser(there.alice).get(path).content.decode()
    for words in ("Role: member → admin", "Limit: none → $3.00", "alice@example.com"):
        assert words in html


def test_removed_member_is_gone_with_the_keys(there):
    path = f"{PAGE}/{there.members['charlie'].pk}/remove"
    html = browser(there.alice).get(path).content.decode()
    assert "1 key in this account ends" in html
    there.keys["charlie"].refresh_from_db()
    assert there.keys["charlie"].deleted_at is None
    browser(there.alice).post(path)
    there.keys["charlie"].refresh_from_db()
    assert there.keys["charlie"].deleted_at is not None
    assert not Member.objects.filter(user=there.charlie, removed_at=None).exists()
    assert browser(there.alice).get(path).status_code == 404


def test_member_leaves(there):
    path = f"/settings/memberships/{there.members['charlie'].pk}/leave"
    html = browser(there.charlie).get(PAGE).content.decode()
    assert path in html
    assert "alice@example.com" in html
    browser(there.charlie).post(path)
    there.keys["charlie"].refresh_from_db()
    assert there.keys["charlie"].disabled
    assert "alice@example.com" not in browser(there.charlie).get(PAGE).content.decode()


# --- Roles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "whose", "found"),
    [("alice", "bob", True), ("alice", "charlie", True), ("bob", "charlie", True),
     ("bob", "bob", False), ("charlie", "bob", False), ("charlie", "charlie", False)],
)  # fmt: skip
@pytest.mark.parametrize("step", ["", "/remove"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_admins_are_the_owners_to_change(there, who, whose, found, step, method):
    path = f"{PAGE}/{there.members[whose].pk}{step}"
    answer = getattr(browser(getattr(there, who)), method)(path, {"limit": "1"})
    assert (answer.status_code != 404) is found
    there.members[whose].refresh_from_db()
    is_removed = there.members[whose].removed_at is not None
    assert is_removed is (found and step == "/remove" and method == "post")


def test_admin_makes_no_admins(there, mailoutbox):
    account = f"?account={there.alice.pk}"
    client = browser(there.bob)
    assert "role" not in client.get(f"{INVITE}{account}").context["form"].fields
    answer = client.post(f"{INVITE}{account}", form(role="admin"))
    assert answer["Location"] == f"{PAGE}{account}"
    row = Invitation.objects.get(email="gina@example.com")
    assert (row.owner, row.role, row.invited_by) == (there.alice, "member", "bob@example.com")
    charlie = there.members["charlie"]
    client.post(f"{PAGE}/{charlie.pk}", form(role="admin", limit="1"))
    charlie.refresh_from_db()
    assert charlie.role == "member"
    assert MemberBudget.objects.get(member=charlie).limit_nano == DOLLAR
    admins, _ = members.invite(there.alice, "h@example.com", role="admin", invited_by="test")
    assert client.post(f"{PAGE}/invitations/{admins.pk}/withdraw").status_code == 404
    answer = client.post(f"{INVITE}{account}", form(email="h@example.com"))
    assert "owner has invited" in answer.content.decode()
    admins.refresh_from_db()
    assert admins.withdrawn_at is None


def test_admin_sees_the_members_and_a_member_does_not(there):
    page = f"{PAGE}?account={there.alice.pk}"
    html = browser(there.bob).get(page).content.decode()
    assert "charlie@example.com" in html
    assert "Of the account of" in html
    assert browser(there.charlie).get(page).status_code == 404
    assert browser(there.charlie).get(f"{INVITE}?account={there.alice.pk}").status_code == 404


def test_member_of_a_frozen_out_owner_has_no_seat_there(there):
    User.objects.filter(pk=there.alice.pk).update(is_active=False)
    assert browser(there.bob).get(f"{PAGE}?account={there.alice.pk}").status_code == 404
    assert "alice@example.com" not in browser(there.bob).get(PAGE).content.decode()


def test_person_alone_is_told_what_members_are(there):
    html = browser(there.erin).get(PAGE).content.decode()
    assert "Only you" in html
