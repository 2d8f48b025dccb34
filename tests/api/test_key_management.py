"""Managing keys by API: with a management key only, one's own only, and without surprises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from api_rows import NOW, budget, error_of, generation, key_of, person, small_catalog
from django.utils import timezone
from key_calls import KEYS, created, send

from accounts import keys
from accounts.models import ApiKey, KeyChange, User
from billing.models import KeyBudget

pytestmark = pytest.mark.django_db
ITEM_FIELDS = {
    "hash", "name", "label", "disabled", "limit", "limit_remaining", "limit_reset",
    "include_byok_in_limit", "usage", "usage_daily", "usage_weekly", "usage_monthly",
    "byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly", "created_at",
    "updated_at", "creator_user_id", "workspace_id", "expires_at", "external_user",
    "last_used_at", "allowed_models",
}  # fmt: skip


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def manager(alice):
    """Headers of alice's management key."""
    return key_of(alice, name="manager", is_management=True)[2]


def test_key_is_made_shown_once_and_works(client, alice, manager):
    small_catalog()
    document = created(
        client, manager, limit=12.5, limit_reset="monthly", expires_at="2999-01-31T12:00:00Z",
        allowed_models=["openai/gpt-4"],
    )  # fmt: skip
    data, key = document["data"], document["key"]
    assert set(data) == ITEM_FIELDS
    assert keys.is_well_formed(key)
    assert data["hash"] == keys.digest(key)
    assert (data["name"], data["limit"], data["limit_reset"]) == ("laptop", 12.5, "monthly")
    assert (data["limit_remaining"], data["usage"], data["last_used_at"]) == (12.5, 0, None)
    assert data["expires_at"] == "2999-01-31T12:00:00+00:00"
    assert data["allowed_models"] == ["openai/gpt-4"]
    assert KeyBudget.objects.get(key__digest=data["hash"]).limit_nano == 12_500_000_000
    seen = client.get("/api/v1/key", headers={"authorization": f"Bearer {key}"}).json()["data"]
    assert (seen["limit"], seen["is_management_key"]) == (12.5, False)
    again = client.get(f"{KEYS}/{data['hash']}", headers=manager)
    assert again.json() == {"data": data}
    assert key not in again.content.decode()


def test_limit_is_exact(client, manager):
    raw = b'{"name": "exact", "limit": 0.123456789}'
    digest = send(client, "POST", KEYS, manager, raw).json()["data"]["hash"]
    assert KeyBudget.objects.get(key__digest=digest).limit_nano == 123_456_789


def test_body_is_json_whatever_the_content_type_says(client, manager):
    form = "application/x-www-form-urlencoded"
    answer = client.generic("POST", KEYS, '{"name": "curl"}', content_type=form, headers=manager)
    assert answer.status_code == 201


def test_list_has_the_users_keys_by_page_and_says_how_many(client, alice, manager):
    bob = person("bob")
    key_of(bob)
    names = [f"key {number}" for number in range(5)]
    for name in names:
        row, _, _ = key_of(alice, name=name)
    ApiKey.objects.filter(name="key 2").update(disabled=True)
    answer = client.get(KEYS, headers=manager).json()
    assert [each["name"] for each in answer["data"]] == ["key 4", "key 3", "key 1", "key 0"]
    assert answer["total_count"] == 4
    assert all(set(each) == ITEM_FIELDS for each in answer["data"])
    page = client.get(f"{KEYS}?include_disabled=true&offset=1&limit=2", headers=manager).json()
    assert [each["name"] for each in page["data"]] == ["key 3", "key 2"]
    assert page["total_count"] == 5


def test_list_shows_usage_by_period_and_the_last_use(client, alice, manager):
    row, _, _ = key_of(alice, name="busy")
    now = timezone.now()
    budget(row, limit="3", spent="1.5", spent_total="2")
    generation(alice, row, "0.5", created_at=now)
    generation(alice, row, "1.5", created_at=NOW)
    (each,) = client.get(KEYS, headers=manager).json()["data"]
    assert (each["usage"], each["usage_daily"], each["usage_monthly"]) == (2, 0.5, 0.5)
    assert (each["limit"], each["limit_remaining"]) == (3, 1.5)
    assert each["last_used_at"] == now.isoformat()


def test_queries_do_not_grow_with_the_keys(client, alice, manager, django_assert_max_num_queries):
    for number in range(10):
        key_of(alice, name=str(number))
    client.get(KEYS, headers=manager)
    with django_assert_max_num_queries(7):
        client.get(KEYS, headers=manager)


def test_key_is_changed_field_by_field_with_a_note_of_who(client, alice, manager):
    small_catalog()
    data = created(client, manager, limit=5)["data"]
    path = f"{KEYS}/{data['hash']}"
    changes = {
        "name": "desktop", "disabled": True, "limit": 2, "limit_reset": "daily",
        "allowed_models": ["openai/gpt-4"],
    }  # fmt: skip
    answer = send(client, "PATCH", path, manager, changes).json()["data"]
    assert {name: answer[name] for name in changes} == changes
    assert answer["updated_at"] is not None
    untouched = send(client, "PATCH", path, manager, {}).json()["data"]
    assert untouched == answer
    assert send(client, "PATCH", path, manager, {"limit": None}).json()["data"]["limit"] is None
    label = ApiKey.objects.get(is_management=True).label
    assert {change.actor for change in KeyChange.objects.all()} == {f"key:{label}"}


def test_disabled_key_is_refused_at_once_and_can_come_back(client, manager):
    document = created(client, manager)
    path, bearer = f"{KEYS}/{document['data']['hash']}", f"Bearer {document['key']}"
    for disabled, status in ((True, 401), (False, 200)):
        send(client, "PATCH", path, manager, {"disabled": disabled})
        assert client.get("/api/v1/key", headers={"authorization": bearer}).status_code == status


def test_deleted_key_is_gone_for_its_user_and_stays_in_the_books(client, alice, manager):
    document = created(client, manager, limit=1)
    path = f"{KEYS}/{document['data']['hash']}"
    assert send(client, "DELETE", path, manager).json() == {"deleted": True}
    for method in ("GET", "PATCH", "DELETE"):
        error_of(send(client, method, path, manager, {}), 404)
    assert client.get(f"{KEYS}?include_disabled=1", headers=manager).json()["data"] == []
    bearer = {"authorization": f"Bearer {document['key']}"}
    error_of(client.get("/api/v1/key", headers=bearer), 401)
    row = ApiKey.objects.get(digest=document["data"]["hash"])
    assert row.disabled and row.deleted_at


# --- Who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", KEYS), ("POST", KEYS), ("GET", f"{KEYS}/{'0' * 64}"), ("PATCH", f"{KEYS}/x"),
     ("DELETE", f"{KEYS}/x")],
)  # fmt: skip
def test_inference_keys_and_strangers_are_refused(client, alice, method, path):
    _, _, ordinary = key_of(alice)
    error = error_of(send(client, method, path, ordinary, {"name": "x"}), 403)
    assert error["message"] == "Only management keys can perform this operation"
    error_of(send(client, method, path, {}, {"name": "x"}), 401)
    assert ApiKey.objects.count() == 1


def test_keys_of_others_and_management_keys_are_not_found(client, alice, manager):
    other, _, _ = key_of(person("bob"))
    own = ApiKey.objects.get(is_management=True)
    for digest in (other.digest, own.digest, "0" * 64, "x", other.digest.upper(), "%00"):
        for method in ("GET", "PATCH", "DELETE"):
            error_of(send(client, method, f"{KEYS}/{digest}", manager, {"disabled": True}), 404)
    assert not ApiKey.objects.filter(disabled=True).exists()


def test_management_key_reads_its_accounts_credits(client, manager):
    assert client.get("/api/v1/credits", headers=manager).status_code == 200
    assert client.get("/api/v1/key", headers=manager).json()["data"]["is_management_key"]


def test_number_of_keys_is_bounded(client, alice, manager, monkeypatch):
    monkeypatch.setattr("billing.key_creation.KEYS_MAX", 2)
    first = created(client, manager)
    created(client, manager)
    error_of(send(client, "POST", KEYS, manager, {"name": "third"}), 409)
    send(client, "DELETE", f"{KEYS}/{first['data']['hash']}", manager)
    created(client, manager)


def test_management_key_of_a_deactivated_user_is_refused(client, alice, manager):
    User.objects.update(is_active=False)
    keys.forget(ApiKey.objects.get().digest)
    error_of(client.get(KEYS, headers=manager), 401)


def test_expired_management_key_is_refused(client, alice):
    _, _, expired = key_of(
        alice, is_management=True, expires_at=timezone.now() - timedelta(seconds=1)
    )
    error_of(client.get(KEYS, headers=expired), 401)
