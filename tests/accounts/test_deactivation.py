"""Shutting somebody out: sessions and keys end at once (hardening row 32)."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from sign_in_calls import is_signed_in, log_in, operator, person

from accounts import deactivation, keys, members
from accounts.models import User

pytestmark = pytest.mark.django_db


def status(key):
    return Client().get("/api/v1/key", headers={"authorization": f"Bearer {key}"}).status_code


def test_sessions_and_keys_of_a_deactivated_user_end_at_once(client):
    alice = person("alice")
    log_in(client)
    _, key = keys.create(alice)
    assert client.get("/settings/security").status_code == 200 and status(key) == 200
    deactivation.deactivate(alice)
    assert client.get("/settings/security").status_code == 302
    assert status(key) == 401
    assert not Session.objects.exists() and not UserSession.objects.exists()


def test_who_is_let_in_again_has_the_keys_but_no_old_session(client):
    alice = person("alice")
    log_in(client)
    _, key = keys.create(alice)
    deactivation.deactivate(alice)
    User.objects.filter(pk=alice.pk).update(is_active=True)
    keys.forget(keys.digest(key))
    assert status(key) == 200
    assert client.get("/settings/security").status_code == 302


def test_keys_that_a_member_has_in_another_account_end_too():
    alice, bob = person("alice"), person("bob")
    member = members.add(alice, bob, "member", actor="alice@example.com")
    _, key = keys.create(alice, member=member)
    assert status(key) == 200
    deactivation.deactivate(bob)
    assert status(key) == 401


def test_operator_does_it_in_the_admin(client):
    boss = operator()
    bob = person("bob")
    theirs = Client()
    log_in(theirs, "bob@example.com")
    _, key = keys.create(bob)
    assert status(key) == 200
    client.force_login(boss)
    page = f"/admin/accounts/user/{bob.pk}/change/"
    form = client.get(page).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"is_active": "", "ignored_providers": "[]"}
    data = {
        name: value for name, value in data.items() if name in form.fields and value is not False
    }
    answer = client.post(page, data)
    assert answer.status_code == 302, answer.context["errors"]
    assert status(key) == 401
    assert theirs.get("/settings/security").status_code == 302
    assert not UserSession.objects.filter(user=bob).exists()
    assert not is_signed_in(Client())
