"""Signing up: the code, who may, and where it leads."""

from __future__ import annotations

import threading

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from sign_in_calls import CODE, LOGIN, PASSWORD, SIGN_UP, code_in, is_signed_in, operator, person
from sign_in_calls import sign_up as send_form

from accounts import members, sign_up
from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operator(db):
    operator()


def test_whoever_types_the_code_has_an_account_and_is_signed_in(client):
    answer = send_form(client, "Alice@Example.com")
    assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert not is_signed_in(client)
    (message,) = mail.outbox
    assert message.to == ["alice@example.com"]
    assert client.post(CODE, {"code": code_in(message)})["Location"] == "/"
    assert is_signed_in(client)
    assert EmailAddress.objects.get(email="alice@example.com").verified
    assert User.objects.get(email="alice@example.com").check_password(PASSWORD)


def test_wrong_codes_end_the_try_and_none_opens_the_account(client):
    send_form(client)
    code = code_in(mail.outbox[0])
    for wrong in ("AAAAAA", "BBBBBB", "CCCCCC"):
        client.post(CODE, {"code": wrong})
    client.post(CODE, {"code": code})
    assert not is_signed_in(client)


def test_an_account_without_verified_address_cannot_sign_in(client):
    person("alice", is_verified=False)
    answer = client.post(LOGIN, {"login": "alice@example.com", "password": PASSWORD})
    assert answer["Location"] == CODE
    assert not is_signed_in(client)
    client.post(CODE, {"code": code_in(mail.outbox[-1])})
    assert is_signed_in(client)


def test_next_is_kept_from_sign_up_over_the_code(client):
    target = "/auth?callback_url=https://app.example/back&code_challenge=x"
    page = client.get(SIGN_UP, {"next": target}).content.decode()
    assert 'name="next"' in page and "callback_url=https://app.example/back" in page
    send_form(client, next=target)
    assert client.post(CODE, {"code": code_in(mail.outbox[0])})["Location"] == target


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)",
     "http:evil.example", "\thttps://evil.example"],
)  # fmt: skip
def test_next_never_leaves_this_site(client, target):
    person("bob")
    answer = client.post(LOGIN, {"login": "bob@example.com", "password": PASSWORD, "next": target})
    assert answer["Location"] == "/"
    client.logout()
    send_form(client, next=target)
    assert client.post(CODE, {"code": code_in(mail.outbox[-1])})["Location"] == "/"


@pytest.mark.parametrize("password", ["short", "password123", "1234567890", "alice@example.com"])
def test_weak_passwords_make_no_account(client, password):
    if password == "1234567890":
        password = "0123456789"
    answer = send_form(client, password=password)
    assert answer.status_code == 200
    assert "password" in answer.context["form"].errors.as_text()
    assert not User.objects.filter(email="alice@example.com").exists()


def test_closed_sign_up_makes_no_account(client, settings):
    settings.SIGN_UP = "closed"
    assert "closed" in client.get(SIGN_UP).content.decode().lower()
    send_form(client)
    assert not User.objects.filter(email="alice@example.com").exists()
    assert mail.outbox == []


def test_invited_addresses_alone_get_an_account_where_one_must_be_invited(client, settings):
    settings.SIGN_UP = "invite"
    sign_up.invite("Alice@example.com", invited_by="operator@example.com")
    send_form(client, "alice@example.com")
    assert User.objects.filter(email="alice@example.com").exists()
    send_form(Client(), "bob@example.com")
    assert not User.objects.filter(email="bob@example.com").exists()
    assert "invitation" in mail.outbox[-1].body


def test_invitation_into_an_account_is_one_to_sign_up(client, settings):
    settings.SIGN_UP = "invite"
    alice = person("alice")
    row, _ = members.invite(alice, "bob@example.com", invited_by=alice.email)
    assert sign_up.is_invited("bob@example.com")
    send_form(client, "bob@example.com")
    assert User.objects.filter(email="bob@example.com").exists()
    members.pending(alice.pk).update(expires_at=row.created_at)
    assert not sign_up.is_invited("bob@example.com")


def test_mail_server_that_is_away_is_said_and_is_no_error(client, settings):
    settings.EMAIL_BACKEND = "sign_in_mail.BrokenBackend"
    answer = client.post(
        SIGN_UP, {"email": "alice@example.com", "password1": PASSWORD}, follow=True
    )
    assert answer.status_code == 200
    assert "could not be sent" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_address_make_one_account(settings):
    settings.ACCOUNT_RATE_LIMITS = False
    answers = []

    def run():
        answers.append(send_form(Client()).status_code)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    assert User.objects.filter(email="alice@example.com").count() == 1
