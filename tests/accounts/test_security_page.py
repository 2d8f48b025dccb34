"""The Security page, its sessions, and asking again who somebody is."""

from __future__ import annotations

import time

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from sessions import sign_in
from sign_in_calls import PASSWORD, RESET, code_in, is_signed_in, log_in, person

from pages import browsers

pytestmark = pytest.mark.django_db
PAGE, END_OTHERS = "/settings/security", "/settings/security/sessions/end"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"


def signed_in(name="alice", **how):
    client = Client(**how)
    log_in(client, f"{name}@example.com")
    return client


def test_sessions_are_listed_with_browser_and_address():
    person("alice")
    mine = signed_in(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
    page = mine.get(PAGE).content.decode()
    assert "Firefox on Linux" in page and "192.0.2.7" in page and "This one" in page


def test_one_session_can_be_ended():
    person("alice")
    mine, other = signed_in(), signed_in()
    row = UserSession.objects.get(session_key=other.session.session_key)
    assert mine.post(f"{PAGE}/sessions/{row.pk}/end").status_code == 302
    assert other.get(PAGE).status_code == 302 and mine.get(PAGE).status_code == 200


def test_all_others_can_be_ended():
    person("alice")
    mine, *others = (signed_in() for _ in range(3))
    mine.post(END_OTHERS)
    assert [client.get(PAGE).status_code for client in (mine, *others)] == [200, 302, 302]


def test_sessions_of_somebody_else_are_out_of_reach():
    person("alice"), person("bob")
    mine, theirs = signed_in("alice"), signed_in("bob")
    row = UserSession.objects.get(session_key=theirs.session.session_key)
    assert mine.post(f"{PAGE}/sessions/{row.pk}/end").status_code == 404
    mine.post(END_OTHERS)
    assert theirs.get(PAGE).status_code == 200
    assert Client().post(f"{PAGE}/sessions/{row.pk}/end").status_code == 302
    assert is_signed_in(theirs)


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/", "/accounts/sessions/", "/accounts/2fa/webauthn/"]
)
def test_pages_that_are_in_the_overview_lead_there(client, path):
    assert client.get(path)["Location"] == PAGE


def three_hours_pass(client):
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - 3 * 3600
    session.save()


def test_old_sessions_confirm_who_they_are_before_they_change_anything(client):
    person("alice")
    log_in(client)
    for path in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
        assert client.get(path).status_code == 200
    three_hours_pass(client)
    other = signed_in()
    answer = client.post(END_OTHERS)
    assert answer["Location"].endswith("/accounts/reauthenticate/?next=%2Fsettings%2Fsecurity")
    assert other.get(PAGE).status_code == 200
    assert "/reauthenticate/" in client.get("/accounts/2fa/totp/activate/")["Location"]
    change = {"email": "x@example.com", "action_add": "1"}
    assert "/reauthenticate/" in client.post("/accounts/email/", change)["Location"]
    client.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert "/reauthenticate/" in client.post(END_OTHERS)["Location"]
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post(END_OTHERS)
    assert other.get(PAGE).status_code == 302


def test_reauthentication_leads_back_and_nowhere_else(client):
    person("alice")
    log_in(client)
    back = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": PAGE})
    assert back["Location"] == PAGE
    away = {"password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/accounts/reauthenticate/", away)["Location"] == "/"


def test_whoever_can_confirm_nothing_chooses_a_password_by_e_mail_and_comes_back(
    client, mailoutbox
):
    new_key = "/settings/keys/new"
    sign_in(client, person("alice", password=None), method="socialaccount", age_s=3 * 3600)
    asked = client.get(new_key)
    assert asked["Location"].startswith(RESET)
    assert client.get(asked["Location"]).status_code == 200
    step = client.post(RESET, {"email": "alice@example.com", "next": new_key})["Location"]
    step = client.post(step, {"code": code_in(mailoutbox[-1]), "next": new_key})["Location"]
    chosen = {"password1": PASSWORD, "password2": PASSWORD, "next": new_key}
    assert client.post(step, chosen)["Location"] == new_key
    assert client.get(new_key)["Location"].startswith("/accounts/login/")
    assert log_in(client, next=new_key)["Location"] == new_key
    assert client.get(new_key).status_code == 200


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
         " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl"), ("", "Unknown browser"), ("<script>", "Unknown browser"),
    ],
)  # fmt: skip
def test_browsers_have_names(header, shown):
    assert browsers.name(header) == shown
