"""The developer's preview: each check says what the consent page would."""

from __future__ import annotations

import pytest
from consent_rows import CALLBACK, S256, link, person
from sessions import sign_in

pytestmark = pytest.mark.django_db
PAGE = "/auth/debug"


def states(client, **fields):
    page = client.get(PAGE, fields)
    assert page.status_code == 200
    return {check.subject: check.state for check in page.context["checks"]}


def test_good_request_is_good_in_everything(client):
    fields = {"callback_url": CALLBACK, **S256, "limit": "5", "state": "s"}
    assert set(states(client, **fields).values()) == {"ok"}


@pytest.mark.parametrize(
    ("fields", "subject", "state"),
    [
        ({"callback_url": "http://app.example/"}, "callback_url", "bad"),
        ({"callback_url": ""}, "callback_url", "warn"),
        ({"code_challenge": "", "code_challenge_method": ""}, "code_challenge", "bad"),
        ({"code_challenge_method": ""}, "code_challenge", "warn"),
        ({"code_challenge_method": "MD5"}, "code_challenge_method", "bad"),
        ({"limit": "x"}, "limit", "bad"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "bad"),
        ({"state": ""}, "state", "warn"),
    ],
)
def test_each_fault_has_its_line(client, fields, subject, state):
    good = {"callback_url": CALLBACK, **S256, "state": "s"}
    assert states(client, **{**good, **fields})[subject] == state


def test_its_link_is_what_the_consent_page_takes(client):
    fields = {"callback_url": f"{CALLBACK}?x=1&y=2", **S256, "state": "a b"}
    page = client.get(PAGE, fields)
    sign_in(client, person())
    assert page.context["link"] == f"http://testserver{link(**fields)}"
    assert client.get(page.context["link"].removeprefix("http://testserver")).status_code == 200


def test_its_example_fits_together_and_is_new_each_time(client):
    pages = [client.get(PAGE).context for _ in range(2)]
    assert pages[0]["example_verifier"] != pages[1]["example_verifier"]
    asked = {"code_challenge": pages[0]["example_challenge"], "code_challenge_method": "S256"}
    assert states(client, callback_url=CALLBACK, **asked)["code_challenge"] == "ok"


@pytest.mark.parametrize("value", ["<script>", "\x00", "é" * 5000, "%%%"])
def test_whatever_is_filled_in_is_shown_as_text(client, value):
    page = client.get(PAGE, {"callback_url": value, "key_label": value, "limit": value})
    assert page.status_code == 200
    assert value not in page.content.decode() or "<" not in value
