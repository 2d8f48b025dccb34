"""Bad input to the management of keys: named, and without effect."""

from __future__ import annotations

import pytest
from api_rows import error_of, key_of, person, small_catalog
from key_calls import KEYS, created, send

from accounts.models import ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def manager(alice):
    """Headers of alice's management key."""
    return key_of(alice, name="manager", is_management=True)[2]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"[]", "object"),
        (b"{" * 100_000, "larger"),
        (b"[" * 50_000, "JSON"),
        (b'{"name": "x", "limit": NaN}', "JSON"),
        (b'{"name": "x", "limit": ' + b"9" * 5_000 + b"}", "JSON"),
        (b'{"name": "x", "limit": 1e999999999999999999999}', ""),
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\u0000b"}, "name"),
        (b'{"name": "\\ud800"}', "name"),
        ({"name": "x", "limit": "5"}, "limit"),
        ({"name": "x", "limit": True}, "limit"),
        ({"name": "x", "limit": -1}, "limit"),
        ({"name": "x", "limit": 1e-10}, "limit"),
        ({"name": "x", "limit": 10**12}, "limit"),
        ({"name": "x", "limit": 1, "limit_reset": "hourly"}, "limit_reset"),
        ({"name": "x", "limit": 1, "limit_reset": ["daily"]}, "limit_reset"),
        ({"name": "x", "limit_reset": "daily"}, "limit"),
        ({"name": "x", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "x", "expires_at": "2027-01-31T12:00:00+02:00"}, "expires_at"),
        ({"name": "x", "expires_at": "2027-01-31T12:00:00"}, "expires_at"),
        ({"name": "x", "expires_at": 5}, "expires_at"),
        ({"name": "x", "disabled": "no"}, "disabled"),
        ({"name": "x", "is_staff": True}, "is_staff"),
        ({"name": "x", "spent": 0}, "spent"),
        ({"name": "x", "user_id": 1}, "user_id"),
        (b'{"name": "x", "\\ud800": 1}', "not known"),
        ({"name": "x", "allowed_models": "openai/gpt-4"}, "allowed_models"),
        ({"name": "x", "allowed_models": ["openai/gpt-9"]}, "openai/gpt-9"),
        ({"name": "x", "allowed_models": [["openai/gpt-4"]]}, "allowed_models"),
        ({"name": "x", "allowed_models": ["x"] * 201}, "allowed_models"),
    ],
)
def test_bad_input_is_named_and_makes_nothing(client, manager, body, named):
    small_catalog()
    answer = send(client, "POST", KEYS, manager, body)
    error = error_of(answer, 413 if named == "larger" else 400)
    assert named in error["message"]
    assert ApiKey.objects.count() == 1
    if isinstance(body, dict) and body and "name" in named:
        path = f"{KEYS}/{created(client, manager)['data']['hash']}"
        error_of(send(client, "PATCH", path, manager, body), 400)


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "limit=0", "limit=101", "offset=²"])
def test_bad_page_is_refused(client, manager, query):
    error_of(client.get(f"{KEYS}?{query}", headers=manager), 400)


def test_other_methods_are_refused_with_those_there_are(client, manager):
    answer = send(client, "PUT", KEYS, manager, {})
    error_of(answer, 405)
    assert answer["Allow"] == "GET, HEAD, POST, OPTIONS"
