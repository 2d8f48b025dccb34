"""Signing in, and how often one may try."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from sign_in_calls import (
    LOGIN,
    LOGOUT,
    PASSWORD,
    RESET,
    RESET_CODE,
    code_in,
    is_signed_in,
    log_in,
    operator,
    person,
)  # fmt: skip

pytestmark = pytest.mark.django_db


def test_address_in_any_case_and_password_sign_in(client):
    person("alice")
    assert log_in(client, "ALICE@example.com")["Location"] == "/"
    assert is_signed_in(client)
    client.post(LOGOUT)
    assert not is_signed_in(client)


def test_a_link_signs_nobody_out(client):
    person("alice")
    log_in(client)
    client.get(LOGOUT)
    assert is_signed_in(client)


def test_guarded_pages_lead_to_login_and_back(client):
    person("alice")
    answer = client.get("/settings/security?tab=x")
    assert answer["Location"] == f"{LOGIN}?next=/settings/security%3Ftab%3Dx"
    assert log_in(client, next="/settings/security?tab=x")["Location"] == "/settings/security?tab=x"


def test_five_wrong_passwords_close_the_account_to_guesses_from_anywhere():
    person("alice")
    for number in range(5):
        log_in(Client(REMOTE_ADDR=f"10.0.0.{number}"), password="wrong")
    stranger = Client(REMOTE_ADDR="10.0.1.1")
    answer = log_in(stranger)
    assert "Too many tries" in answer.content.decode()
    assert not is_signed_in(stranger)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"]
)
def test_an_address_that_the_client_claims_is_not_believed(client, header):
    """Abuse 42: a new X-Forwarded-For with each request is still one bucket."""
    answers = [
        client.post(
            LOGIN,
            {"login": f"user{number}@example.com", "password": "wrong"},
            headers={header: f"203.0.113.{number}"},
        )
        for number in range(40)
    ]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert log_in(elsewhere, "user1@example.com").status_code == 200


def test_429_is_a_page_of_ours(client):
    for number in range(31):
        answer = log_in(client, f"user{number}@example.com")
    assert answer.status_code == 429
    assert "Too many requests" in answer.content.decode()


def test_a_reset_password_signs_in_and_the_old_one_and_old_sessions_do_not(client):
    person("alice")
    log_in(other := Client())
    target = "/auth?callback_url=https://app.example/"
    step = client.post(RESET, {"email": "alice@example.com", "next": target})["Location"]
    assert step.startswith(RESET_CODE) and "next=" in step
    done = client.post(step, {"code": code_in(mail.outbox[0]), "next": target})["Location"]
    form = {"password1": "another-long-sentence", "password2": "another-long-sentence"}
    assert client.post(done, {**form, "next": target})["Location"] == target
    assert other.get("/settings/security").status_code == 302
    assert not is_signed_in(client) and log_in(Client()).status_code == 200
    log_in(client, password="another-long-sentence")
    assert is_signed_in(client)


def test_reset_code_is_good_for_one_browser_only(client):
    person("alice")
    client.post(RESET, {"email": "alice@example.com"})
    thief = Client()
    thief.post(RESET_CODE, {"code": code_in(mail.outbox[0])})
    assert thief.get("/accounts/password/reset/complete/").status_code == 302


def test_switched_off_account_cannot_sign_in(client):
    person("alice", is_active=False)
    assert log_in(client)["Location"] == "/accounts/inactive/"
    assert not is_signed_in(client)


def test_operators_made_by_command_need_no_code(client):
    operator()
    assert log_in(client, "operator@example.com")["Location"] == "/"


def test_changed_address_counts_when_its_code_is_typed(client):
    alice = person("alice")
    log_in(client)
    client.post("/accounts/email/", {"email": "alicia@example.com", "action_add": "1"})
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    client.post("/accounts/confirm-email/", {"code": code_in(mail.outbox[0])})
    alice.refresh_from_db()
    assert alice.email == "alicia@example.com"
    assert [message.to for message in mail.outbox[1:]] == [["alice@example.com"]]


def test_address_that_somebody_took_meanwhile_is_refused_and_no_error(client):
    alice = person("alice")
    log_in(client)
    client.post("/accounts/email/", {"email": "carol@example.com", "action_add": "1"})
    code = code_in(mail.outbox[0])
    person("carol", is_verified=False)
    answer = client.post("/accounts/confirm-email/", {"code": code}, follow=True)
    assert answer.status_code == 200
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_social_buttons_are_there_only_when_configured(client):
    assert "Continue with" not in client.get(LOGIN).content.decode()
    assert client.get("/accounts/google/login/").status_code == 404
    assert PASSWORD not in client.get(LOGIN).content.decode()


def test_forms_are_never_answered_with_json(client):
    """It would repeat the password that was sent."""
    person("alice")
    answer = client.post(
        LOGIN,
        {"login": "alice@example.com", "password": "not-it-at-all"},
        headers={"accept": "application/json", "x-requested-with": "XMLHttpRequest"},
    )
    assert answer["Content-Type"].startswith("text/html")
    assert "not-it-at-all" not in answer.content.decode()
