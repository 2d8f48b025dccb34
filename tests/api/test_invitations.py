"""Inviting people to an account: who may, whom it reaches, and that it works once."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from api_rows import error_of, key_of, person
from django.core import mail
from django.utils import timezone
from key_calls import send
from member_rows import ORGANIZATION, small_organization

from accounts import members
from accounts.models import Invitation, Member
from billing.models import MemberBudget

pytestmark = pytest.mark.django_db
INVITATIONS = f"{ORGANIZATION}/invitations"


@pytest.fixture
def people():
    return small_organization()


@pytest.fixture
def dave():
    """Someone with an account of his own, and the headers of his management key."""
    user = person("dave")
    return user, key_of(user, is_management=True)[2]


def invited(client, headers, email="dave@example.com", **fields):
    answer = send(client, "POST", INVITATIONS, headers, {"email": email, **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]


def token_in_mail():
    return re.search(r"/invitations/(\S+)", mail.outbox[-1].body)[1]


def accept(client, headers, token):
    return send(client, "POST", f"{INVITATIONS}/accept", headers, {"token": token})


def test_whoever_accepts_is_a_member_with_the_budget_and_makes_keys(client, people, dave):
    _, bob, _ = people
    user, own = dave
    data = invited(client, bob.manager, "  Dave@Example.com ", limit=3, limit_reset="monthly")
    assert (data["email"], data["role"], data["limit"]) == ("dave@example.com", "org:member", 3)
    assert data["email_sent"] is True
    assert mail.outbox[0].to == ["dave@example.com"]
    assert "alice@example.com" in mail.outbox[0].body
    answer = accept(client, own, token_in_mail())
    assert answer.status_code == 201
    assert answer.json()["data"]["role"] == "org:member"
    budget = MemberBudget.objects.get(member__user=user)
    assert (budget.limit_nano, budget.period) == (3_000_000_000, "monthly")
    there = {"authorization": f"Bearer {answer.json()['key']}"}
    made = send(client, "POST", "/api/v1/keys", there, {"name": "laptop"}).json()
    assert made["data"]["creator_user_id"] == f"user_{user.pk}"
    assert client.get(INVITATIONS, headers=bob.manager).json()["data"] == []


def test_the_mail_has_a_link_to_a_page_that_there_is(client, people, dave):
    invited(client, people[0].manager)
    client.force_login(dave[0])
    page = client.get(urlsplit(re.search(r"http\S+", mail.outbox[-1].body)[0]).path)
    assert page.status_code == 200 and b"alice@example.com" in page.content


def test_token_is_nowhere_in_answers_and_rows(client, people):
    data = invited(client, people[0].manager)
    token = token_in_mail()
    assert token not in str(data)
    assert token not in str(Invitation.objects.values_list())


def test_it_works_once(client, people, dave):
    invited(client, people[0].manager)
    token = token_in_mail()
    assert accept(client, dave[1], token).status_code == 201
    assert "used" in error_of(accept(client, dave[1], token), 404)["message"]


def test_it_is_for_that_address_only(client, people):
    invited(client, people[0].manager)
    _, _, eve = key_of(person("eve"), is_management=True)
    assert "another e-mail" in error_of(accept(client, eve, token_in_mail()), 404)["message"]
    assert not Member.objects.filter(user__email="eve@example.com").exists()


def test_a_member_key_accepts_nothing_for_its_owner(client, people):
    alice, bob, charlie = people
    invited(client, alice.manager)
    error_of(accept(client, charlie.manager, token_in_mail()), 403)


def test_it_is_over_after_a_week(client, people, dave):
    invited(client, people[0].manager)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "over" in error_of(accept(client, dave[1], token_in_mail()), 404)["message"]
    assert client.get(INVITATIONS, headers=people[0].manager).json()["total_count"] == 0


def test_withdrawn_one_is_worth_nothing(client, people, dave):
    alice, bob, _ = people
    data = invited(client, alice.manager)
    path = f"{INVITATIONS}/{data['id']}"
    assert send(client, "DELETE", path, bob.manager).json() == {"deleted": True}
    error_of(accept(client, dave[1], token_in_mail()), 404)
    error_of(send(client, "DELETE", path, bob.manager), 404)


def test_second_invitation_takes_the_place_of_the_first(client, people, dave):
    invited(client, people[0].manager, limit=1)
    first = token_in_mail()
    invited(client, people[0].manager, limit=2)
    assert client.get(INVITATIONS, headers=people[0].manager).json()["total_count"] == 1
    error_of(accept(client, dave[1], first), 404)
    assert accept(client, dave[1], token_in_mail()).status_code == 201
    assert MemberBudget.objects.get(member__user=dave[0]).limit_nano == 2_000_000_000


def test_invitation_of_an_owner_who_was_closed_is_worth_nothing(client, people, dave):
    alice, _, _ = people
    invited(client, alice.manager)
    alice.user.is_active = False
    alice.user.save()
    error_of(accept(client, dave[1], token_in_mail()), 404)


def test_only_the_owner_invites_admins_and_withdraws_it(client, people):
    alice, bob, _ = people
    body = {"email": "dave@example.com", "role": "org:admin"}
    error_of(send(client, "POST", INVITATIONS, bob.manager, body), 403)
    data = invited(client, alice.manager, role="org:admin")
    error_of(send(client, "DELETE", f"{INVITATIONS}/{data['id']}", bob.manager), 403)


def test_an_admin_does_not_take_the_place_of_the_owners_invitation_of_an_admin(
    client, people, dave
):
    alice, bob, _ = people
    invited(client, alice.manager, role="org:admin")
    body = {"email": "DAVE@example.com"}
    assert "owner" in error_of(send(client, "POST", INVITATIONS, bob.manager, body), 409)["message"]
    assert accept(client, dave[1], token_in_mail()).json()["data"]["role"] == "org:admin"


def test_the_owner_makes_a_member_of_whom_they_invited_as_an_admin(client, people, dave):
    invited(client, people[0].manager, role="org:admin")
    invited(client, people[0].manager)
    assert accept(client, dave[1], token_in_mail()).json()["data"]["role"] == "org:member"


def test_case_of_an_address_makes_no_difference(client, people, dave):
    alice, _, charlie = people
    for user in (alice.user, charlie.user, dave[0]):
        user.email = user.email.title()
        user.save()
    for email in ("alice@example.com", "charlie@example.com"):
        error_of(send(client, "POST", INVITATIONS, alice.manager, {"email": email}), 400)
    invited(client, alice.manager)
    assert accept(client, dave[1], token_in_mail()).status_code == 201


def test_an_owner_is_no_member_of_their_own_account(client, people):
    alice, _, _ = people
    invited(client, alice.manager)
    alice.user.email = "dave@example.com"
    alice.user.save()
    assert "your own" in error_of(accept(client, alice.manager, token_in_mail()), 404)["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "email"), ({"email": "nobody"}, "email"), ({"email": 7}, "email"),
     ({"email": None}, "email"), ({"email": "a@b.c\0"}, "email"),
     ({"email": "alice@example.com"}, "email"), ({"email": "CHARLIE@example.com"}, "email"),
     ({"email": "d@example.com", "role": "owner"}, "role"),
     ({"email": "d@example.com", "limit": -1}, "limit"),
     ({"email": "d@example.com", "limit": "1"}, "limit"),
     ({"email": "d@example.com", "limit_reset": "daily"}, "limit"),
     ({"email": "d@example.com", "limit": 1, "limit_reset": "yearly"}, "limit_reset"),
     ({"email": "d@example.com", "name": "Dave"}, "name"),
     ({"email": "x" * 300 + "@example.com"}, "email")],
)  # fmt: skip
def test_what_is_wrong_with_an_invitation_is_said(client, people, body, field):
    error = error_of(send(client, "POST", INVITATIONS, people[0].manager, body), 400)
    assert error["metadata"]["field"] == field
    assert mail.outbox == [] and not Invitation.objects.exists()


@pytest.mark.parametrize("token", ["", None, 7, "x" * 101, "no-such-token", "\0", "%00"])
def test_token_that_is_none(client, people, dave, token):
    assert accept(client, dave[1], token).status_code in (400, 404)


def test_number_of_invitations_a_day_is_bounded(client, people, monkeypatch):
    monkeypatch.setattr(members, "_INVITED_PER_DAY_MAX", 2)
    for name in ("one", "two"):
        invited(client, people[0].manager, f"{name}@example.com")
    body = {"email": "three@example.com"}
    error_of(send(client, "POST", INVITATIONS, people[0].manager, body), 409)


def test_mail_that_cannot_be_sent_is_said(client, people, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    assert invited(client, people[0].manager)["email_sent"] is False
