"""No answer tells whether an address has an account: the same bytes for a known and an unknown one,
and an e-mail to both."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from sign_in_calls import (
    CODE,
    LOGIN,
    RESET,
    RESET_CODE,
    operator,
    person,
    sign_up,
    without_tokens,
)  # fmt: skip

pytestmark = pytest.mark.django_db
# Of the same length, so that not even the size of a page that shows it can differ.
KNOWN, UNKNOWN = "alice@example.com", "erica@example.com"


@pytest.fixture(autouse=True)
def _people(db):
    operator()
    person("alice")


def seen(response, email):
    """All that a visitor gets, with the address itself and what is new each time taken out."""
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in {"Content-Security-Policy", "Content-Length", "Expires"}
    }
    return response.status_code, headers, without_tokens(response).replace(email, "ADDRESS")


def told(flow):
    """What both visitors see at each step of `flow`, and the mails that they get."""
    both = []
    for email in (KNOWN, UNKNOWN):
        cache.clear()
        mail.outbox.clear()
        client = Client()
        steps = [seen(response, email) for response in flow(client, email)]
        both.append((steps, [message.to for message in mail.outbox]))
        assert all(message.to == [email] for message in mail.outbox)
    (known, known_mails), (unknown, unknown_mails) = both
    assert len(known_mails) == len(unknown_mails)
    return known, unknown


def flow_of_sign_up(client, email):
    yield sign_up(client, email)
    yield client.get(CODE)
    yield client.post(CODE, {"action": "resend"})
    yield client.get(CODE)
    yield client.post(CODE, {"code": "AAAAAA"})
    yield client.post(CODE, {"code": "BBBBBB"})
    yield client.post(CODE, {"code": "CCCCCC"})
    yield client.get(CODE)


def flow_of_login(client, email):
    for _ in range(7):
        yield client.post(LOGIN, {"login": email, "password": "not-it-at-all"})


def flow_of_reset(client, email):
    yield client.post(RESET, {"email": email}, follow=False)
    yield client.get(RESET_CODE)
    yield client.post(RESET_CODE, {"code": "AAAAAA"})
    yield client.post(RESET_CODE, {"code": "BBBBBB"})
    yield client.post(RESET_CODE, {"code": "CCCCCC"})
    yield client.get(RESET_CODE)


@pytest.mark.parametrize("flow", [flow_of_sign_up, flow_of_login, flow_of_reset])
def test_known_and_unknown_addresses_get_the_same_answers(flow):
    known, unknown = told(flow)
    for step, (one, other) in enumerate(zip(known, unknown, strict=True)):
        assert one == other, f"step {step}"
    assert len(known) == len(unknown)


def test_uninvited_invited_and_known_addresses_get_the_same_answers(settings):
    settings.SIGN_UP = "invite"
    known, uninvited = told(flow_of_sign_up)
    assert known == uninvited


def test_address_of_somebody_else_is_no_news_when_one_changes_ones_own():
    def flow(client, email):
        client.force_login(person(f"bob-{email[0]}"))
        client.post(LOGIN, {})
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": 9e9}]
        session["_account_authentication_methods_user"] = session["_auth_user_id"]
        session.save()
        yield client.post("/accounts/email/", {"email": email, "action_add": "1"})
        yield client.post(CODE, {"code": "AAAAAA"})

    (known, *_), (unknown, *_) = (answers for answers in told(flow))
    assert known[0] == unknown[0] == 302


def test_sign_up_hashes_a_password_also_where_no_account_is_made(monkeypatch):
    """Hashing is what takes time; how often it happens is the same."""
    from django.contrib.auth import hashers

    counted = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda *args: counted.append(1) or encode(*args))
    sign_up(Client(), KNOWN)
    known = len(counted)
    cache.clear()
    sign_up(Client(), UNKNOWN)
    assert known == len(counted) - known == 1
