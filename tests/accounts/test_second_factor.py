"""Second factors: asked after the password, encrypted at rest, and due from operators."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from authenticator_app import code
from django.core import mail
from sign_in_calls import LOGOUT, PASSWORD, is_signed_in, log_in, operator, person

from accounts.second_factor import SecondFactorAdapter

pytestmark = pytest.mark.django_db

ACTIVATE, SECOND = "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/"
TARGET = "/auth?callback_url=https://app.example/"


def switched_on(client):
    """Sets up an app for whoever is signed in; its secret and the recovery codes."""
    secret = client.get(ACTIVATE).context["form"].secret
    assert client.post(ACTIVATE, {"code": code(secret)}).status_code == 302
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    client.post(LOGOUT)
    return secret, codes


def test_code_of_the_app_is_asked_after_the_password_and_next_is_kept(client):
    person("alice")
    log_in(client)
    secret, _ = switched_on(client)
    assert log_in(client, next=TARGET)["Location"] == SECOND
    assert not is_signed_in(client)
    assert client.post(SECOND, {"code": "000000"}).status_code == 200
    assert client.post(SECOND, {"code": code(secret, offset_s=30)})["Location"] == TARGET
    assert is_signed_in(client)


def test_code_works_once(client):
    person("alice")
    log_in(client)
    secret, _ = switched_on(client)
    used = code(secret, offset_s=30)
    log_in(client)
    client.post(SECOND, {"code": used})
    client.post(LOGOUT)
    log_in(client)
    client.post(SECOND, {"code": used})
    assert not is_signed_in(client)


def test_recovery_code_replaces_the_app_once_and_is_shown_once(client):
    person("alice")
    log_in(client)
    _, codes = switched_on(client)
    assert len(codes) == 10
    for expected in (True, False):
        log_in(client)
        client.post(SECOND, {"code": codes[0]})
        assert is_signed_in(client) == expected
        if expected:
            page = client.get("/accounts/2fa/recovery-codes/").content.decode()
            assert not any(code in page for code in codes)
            client.post(LOGOUT)


def test_wrong_codes_are_counted(client):
    person("alice")
    log_in(client)
    secret, _ = switched_on(client)
    log_in(client)
    for _ in range(6):
        client.post(SECOND, {"code": "000000"})
    client.post(SECOND, {"code": code(secret, offset_s=30)})
    assert not is_signed_in(client)


def test_password_alone_opens_no_page_between_the_factors(client):
    person("alice")
    log_in(client)
    switched_on(client)
    log_in(client)
    for path in ("/settings/security", ACTIVATE, "/accounts/email/", "/admin/"):
        last = client.get(path, follow=True).redirect_chain[-1][0]
        assert last.startswith(("/accounts/login/", SECOND)), path


def test_changes_are_told_by_mail(client):
    person("alice")
    log_in(client)
    new = {"password1": "another-long-sentence", "password2": "another-long-sentence"}
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
    (message,) = mail.outbox
    assert message.to == ["alice@example.com"]
    assert "127.0.0.1" in message.body and "another-long-sentence" not in message.body


def test_secrets_are_encrypted_at_rest_and_read_with_a_fallback_key(client, settings):
    person("alice")
    log_in(client)
    secret, codes = switched_on(client)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept and not any(code in kept for code in codes)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 50
    row = Authenticator.objects.get(type="totp")
    assert SecondFactorAdapter().decrypt(row.data["secret"]) == secret


def test_secret_that_cannot_be_read_accepts_no_code(settings, caplog):
    alice = person("alice")
    settings.SECRET_KEY = "a" * 50
    TOTP.activate(alice, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    settings.SECRET_KEY = "b" * 50
    found = Authenticator.objects.get(user=alice).wrap()
    assert not found.validate_code(code("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
    assert "another SECRET_KEY" in caplog.text


def test_admin_needs_a_second_factor_where_it_is_due(client, settings):
    settings.STAFF_TWO_FACTOR = True
    operator()
    log_in(client, "operator@example.com")
    # Django's own login page is the way out of the admin: it leads to where a factor is added.
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/settings/security"
    assert "second factor" in answer.content.decode()
    secret, _ = switched_on(client)
    log_in(client, "operator@example.com", next="/admin/")
    assert client.post(SECOND, {"code": code(secret, offset_s=30)})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_admin_has_no_login_of_its_own(client):
    operator()
    answer = client.get("/admin/accounts/user/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2Faccounts%2Fuser%2F"
    form = {"username": "operator@example.com", "password": "a-long-sentence-of-mine"}
    client.post("/admin/login/", form)
    assert not is_signed_in(client)


def test_admin_is_closed_to_people_who_operate_nothing(client):
    person("alice")
    log_in(client)
    assert client.get("/admin/", follow=True).status_code == 403
