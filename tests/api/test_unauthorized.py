from __future__ import annotations

from datetime import UTC, datetime

import api_rows as rows
import pytest

from accounts import keys

pytestmark = pytest.mark.django_db

KEYED = ["/api/v1/key", "/api/v1/auth/key", "/api/v1/credits", "/api/v1/generation?id=gen-1"]
WELL_FORMED = keys.mint()


@pytest.mark.parametrize("path", KEYED)
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Basic YWxpY2U6c2VjcmV0", "Bearer", "Bearer ", "sk-or-v1-abc", "Token x"],
)
def test_no_bearer_key_is_401(client, path, authorization, django_assert_num_queries):
    headers = {} if authorization is None else {"authorization": authorization}
    with django_assert_num_queries(0):
        answer = client.get(path, headers=headers)
    assert rows.error_of(answer, 401)["message"] == keys.MISSING
    assert "WWW-Authenticate" not in answer


@pytest.mark.parametrize(
    "key",
    [
        WELL_FORMED[:-1] + ("0" if WELL_FORMED[-1] != "0" else "1"),
        WELL_FORMED.upper(),
        "x" * 10_000,
        "ключ".encode().decode("latin-1"),
        "' OR 1=1--",
        f"{WELL_FORMED},Bearer {WELL_FORMED}",
        f"{WELL_FORMED} {WELL_FORMED}",
    ],
    ids=["checksum", "upper case", "10 KB", "not ASCII", "SQL", "two headers", "two keys"],
)
def test_junk_is_401_without_a_query(client, key, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/api/v1/key", headers={"authorization": f"Bearer {key}"})
    assert rows.error_of(answer, 401)["message"] == keys.REFUSED


def test_every_refused_key_is_refused_in_the_same_words(client):
    alice, bob = rows.person("alice"), rows.person("bob", is_active=False)
    unknown = keys.mint()
    disabled_row, disabled, _ = rows.key_of(alice)
    disabled_row.disabled = True
    disabled_row.save()
    _, expired, _ = rows.key_of(alice, expires_at=datetime(2024, 1, 1, tzinfo=UTC))
    _, inactive, _ = rows.key_of(bob)
    answers = [
        client.get("/api/v1/credits", headers=rows.bearer(key))
        for key in (unknown, disabled, expired, inactive)
    ]
    assert {rows.error_of(answer, 401)["message"] for answer in answers} == {keys.REFUSED}
    assert len({answer.content for answer in answers}) == 1


def test_a_session_is_not_a_key(client):
    client.force_login(rows.person(is_staff=True))
    assert rows.error_of(client.get("/api/v1/key"), 401)["message"] == keys.MISSING


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "proxy-authorization", "cookie"])
def test_a_key_elsewhere_than_in_the_authorization_header_is_no_key(client, header):
    _, key, _ = rows.key_of(rows.person())
    answer = client.get(f"/api/v1/key?api_key={key}&key={key}", headers={header: key})
    assert rows.error_of(answer, 401)["message"] == keys.MISSING


def test_the_scheme_is_taken_in_any_case(client):
    _, key, _ = rows.key_of(rows.person())
    answer = client.get("/api/v1/key", headers={"authorization": f"bEARER  {key} "})
    assert answer.status_code == 200
