"""/invitations/<token>: seen by whoever has the link, accepted by whom it is for."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from sign_in_calls import CODE, LOGIN, SIGN_UP, code_in, log_in, operator, person, sign_up

from accounts import members
from accounts.models import Member, User

pytestmark = pytest.mark.django_db


def invited(email="bob@example.com", **how):
    alice = person("alice")
    _, token = members.invite(alice, email, invited_by=alice.email, **how)
    return f"/invitations/{token}"


def test_who_is_invited_sees_by_whom_accepts_and_sees_what_that_means(client):
    path = invited(limit_nano=5 * 10**9, period="monthly")
    person("bob")
    log_in(client, "bob@example.com")
    page = client.get(path).content.decode()
    assert "alice@example.com" in page and "$5.00 a month" in page
    answer = client.post(path)
    member = Member.objects.get()
    assert answer["Location"] == f"/memberships/{member.pk}"
    page = client.get(answer["Location"]).content.decode()
    assert "a member of alice@example.com" in page and "$5.00 a month" in page
    assert client.get(path).status_code == 404


def test_visitor_is_led_over_sign_up_back_to_the_invitation(client):
    operator()
    path = invited()
    page = client.get(path)
    assert "alice@example.com" in page.content.decode()
    link = urlsplit(page.context["sign_up_url"])
    query = parse_qs(link.query)
    assert (link.path, query) == (SIGN_UP, {"next": [path], "email": ["bob@example.com"]})
    assert 'value="bob@example.com"' in client.get(page.context["sign_up_url"]).content.decode()
    sign_up(client, "bob@example.com", next=path)
    assert client.post(CODE, {"code": code_in(mail.outbox[-1])})["Location"] == path
    client.post(path)
    assert Member.objects.get().user == User.objects.get(email="bob@example.com")


def test_visitor_is_led_over_login_back_to_the_invitation(client):
    path = invited()
    person("bob")
    link = client.get(path).context["login_url"]
    assert link.startswith(LOGIN)
    (target,) = parse_qs(urlsplit(link).query)["next"]
    assert log_in(client, "bob@example.com", next=target)["Location"] == path


def test_somebody_else_cannot_accept_and_is_told_to_sign_in_anew(client):
    path = invited()
    person("charlie")
    log_in(client, "charlie@example.com")
    assert "signed in as charlie@example.com" in client.get(path).content.decode()
    client.post(path)
    assert not Member.objects.exists()


def test_own_account_cannot_be_joined(client):
    path = invited("bob@example.com")
    alice = User.objects.get(email="alice@example.com")
    User.objects.filter(pk=alice.pk).update(email="bob@example.com")
    client.force_login(User.objects.get(pk=alice.pk))
    assert client.post(path).status_code == 404
    assert not Member.objects.exists()


@pytest.mark.parametrize("token", ["nothing", "%00", "x" * 2000, "a%0d%0ab", "%F0%9F%92%A9"])
def test_what_is_no_invitation_is_a_page_that_says_so(client, token):
    answer = client.get(f"/invitations/{token}")
    assert answer.status_code == 404


def test_membership_of_somebody_else_is_not_shown(client):
    member = members.add(person("alice"), person("bob"), "member", actor="alice@example.com")
    person("charlie")
    log_in(client, "charlie@example.com")
    assert client.get(f"/memberships/{member.pk}").status_code == 404
