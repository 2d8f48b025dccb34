"""Builders for the tests of consent: a person, an app's link, and a key that an app has."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from accounts import challenges, pkce
from accounts.app_requests import KeyTerms
from accounts.models import User
from billing import app_keys

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "https://app.example/cb"
ORIGIN = "https://app.example"
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def person(name="alice"):
    return User.objects.create_user(f"{name}@example.com")


def link(callback_url=CALLBACK, **fields):
    return f"/auth?{urlencode({'callback_url': callback_url, **fields})}"


def answer_of(response):
    """The parameters that the app gets."""
    assert response.status_code == 303, response.content
    return {
        name: value for name, (value,) in parse_qs(urlsplit(response["Location"]).query).items()
    }


def agree(client, url, **choices):
    form = {"limit": "5", "period": "", "lifetime": "none", "authorize": ""}
    return client.post(url, {**form, **choices})


def connected(user, origin=ORIGIN, **terms):
    """(row, key) that an app got."""
    terms = KeyTerms(**{"label": "My app", **terms})
    _, code = pkce.issue(user.pk, origin, challenges.Challenge(), terms)
    return app_keys.exchange(code, "", "")
