"""What a person does to sign up and in, and the people who do."""

from __future__ import annotations

import re

from allauth.account.models import EmailAddress

from accounts.models import User

PASSWORD = "a-long-sentence-of-mine"
SIGN_UP, LOGIN, LOGOUT = "/accounts/signup/", "/accounts/login/", "/accounts/logout/"
CODE = "/accounts/confirm-email/"
RESET, RESET_CODE = "/accounts/password/reset/", "/accounts/password/reset/confirm/"


def operator(email="operator@example.com"):
    """An instance where people can sign up has one."""
    return User.objects.create_superuser(email, PASSWORD)


def person(name="alice", *, password=PASSWORD, is_verified=True, **fields):
    user = User.objects.create_user(f"{name}@example.com", password, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=is_verified, primary=True)
    return user


def sign_up(client, email="alice@example.com", password=PASSWORD, **more):
    return client.post(SIGN_UP, {"email": email, "password1": password, **more})


def log_in(client, email="alice@example.com", password=PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def code_in(mail):
    """The code stands on a line of its own."""
    return re.search(r"^([A-Z0-9-]{6,12})$", mail.body, re.MULTILINE).group(1)


def is_signed_in(client):
    return "_auth_user_id" in client.session


def without_tokens(answer):
    """The page without what is new in each answer: CSRF tokens and nonces."""
    text = answer.content.decode()
    text = re.sub(r'(csrfmiddlewaretoken" value|csrf-token"\s+content)="[^"]+"', "", text)
    return re.sub(r'nonce="[^"]+"', "", text)
