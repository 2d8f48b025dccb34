"""One key in the browser: settings, disable, rotate, delete, history."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from api_rows import person, small_catalog
from django.utils import timezone
from page_rows import DOLLAR, browser, generation, key_of, world

from accounts import key_changes
from accounts.models import ApiKey
from billing.models import KeyBudget

pytestmark = pytest.mark.django_db
KEY = re.compile(r"sk-or-v1-[0-9a-f]{64}")


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def client(alice):
    return browser(alice)


def path(row, step=""):
    return f"/settings/keys/{row.pk}{step}"


def status(client, text):
    return client.get("/api/v1/key", headers={"authorization": f"Bearer {text}"}).status_code


def saved(client, row, **fields):
    form = {"name": row.name, "limit": "", "period": "", "lifetime": "never"}
    return client.post(path(row), form | fields)


def test_page_shows_what_the_key_spent_when(client, alice):
    row, _ = key_of(alice, limit_nano=5 * DOLLAR, spent=3 * DOLLAR)
    generation(row, timezone.now(), DOLLAR // 4)
    page = client.get(path(row))
    assert page.context["sums"]["daily"] == DOLLAR // 4
    html = page.content.decode()
    for words in ("$3.00 of $5.00", "$0.25", row.label, "just now"):
        assert words in html


def test_everything_can_be_set_later_and_is_remembered_with_who_did_it(client, alice):
    small_catalog()
    row, _ = key_of(alice, limit_nano=DOLLAR)
    answer = saved(
        client, row, name="laptop", limit="2.5", period="daily", lifetime="30",
        allowed_models=["openai/gpt-4"],
    )  # fmt: skip
    assert answer["Location"] == path(row)
    row.refresh_from_db()
    budget = KeyBudget.objects.get(key=row)
    assert (row.name, row.allowed_models) == ("laptop", ["openai/gpt-4"])
    assert row.expires_at > timezone.now() + timedelta(days=29)
    assert (budget.limit_nano, budget.period) == (2_500_000_000, "daily")
    html = client.get(path(row)).content.decode()
    for words in ("Limit: $1.00 → $2.50", "Resets: never → daily", "Name: ci → laptop",
                  "Models: all → openai/gpt-4", "Expires: never →",
                  "alice@example.com"):  # fmt: skip
        assert words in html


def test_what_is_set_is_filled_in_and_saving_it_changes_nothing(client, alice):
    small_catalog()
    end = timezone.now() + timedelta(days=5)
    row, _ = key_of(
        alice, limit_nano=1_500_000_000, period="weekly", expires_at=end,
        allowed_models=["openai/gpt-4", "gone/model"],
    )  # fmt: skip
    form = client.get(path(row)).context["form"]
    names = ("name", "limit", "period", "lifetime", "allowed_models")
    filled = {name: form[name].value() for name in names}
    assert filled["limit"] == "1.5"
    before = row.changes.count()
    client.post(path(row), filled)
    row.refresh_from_db()
    assert row.changes.count() == before
    assert row.expires_at == end
    assert sorted(row.allowed_models) == ["gone/model", "openai/gpt-4"]


def test_limit_can_be_taken_away_and_the_end_too(client, alice):
    row, _ = key_of(alice, limit_nano=DOLLAR, expires_at=timezone.now() + timedelta(days=1))
    saved(client, row)
    row.refresh_from_db()
    assert row.expires_at is None
    assert KeyBudget.objects.get(key=row).limit_nano is None


def test_wrong_settings_change_nothing(client, alice):
    row, _ = key_of(alice)
    answer = saved(client, row, name="other", limit="much")
    assert answer.status_code == 200
    assert "limit" in answer.context["form"].errors
    row.refresh_from_db()
    assert row.name == "ci"


def test_management_key_has_a_name_and_an_end_only(client, alice):
    row, _ = key_of(alice, is_management=True)
    assert set(client.get(path(row)).context["form"].fields) == {"name", "lifetime", "ends_on"}
    saved(client, row, name="robot", limit="5")
    row.refresh_from_db()
    assert row.name == "robot"
    assert not KeyBudget.objects.filter(key=row).exists()


def test_disabled_key_is_refused_and_works_again(client, alice):
    row, text = key_of(alice)
    assert status(client, text) == 200
    client.post(path(row, "/switch"), {"disabled": "1"})
    assert status(client, text) == 401
    assert "Disabled" in client.get(path(row)).content.decode()
    client.post(path(row, "/switch"), {"disabled": "0"})
    assert status(client, text) == 200


@pytest.mark.parametrize(("hours", "works"), [("24", True), ("168", True), ("0", False)])
def test_rotation_gives_a_new_key_with_the_same_settings(client, alice, hours, works):
    end = timezone.now() + timedelta(days=90)
    row, old = key_of(
        alice, limit_nano=5 * DOLLAR, period="weekly", spent=DOLLAR, expires_at=end,
        allowed_models=["openai/gpt-4"],
    )  # fmt: skip
    before = timezone.now()
    answer = client.post(path(row, "/rotate"), {"overlap": hours, "token": "t"})
    (new,) = set(KEY.findall(answer.content.decode()))
    made = ApiKey.objects.get(form_token="t")
    budget = KeyBudget.objects.get(key=made)
    assert (made.name, made.expires_at, made.allowed_models) == ("ci", end, ["openai/gpt-4"])
    assert (budget.limit_nano, budget.period, budget.spent_nano) == (5 * DOLLAR, "weekly", 0)
    assert status(client, new) == 200
    assert (status(client, old) == 200) is works
    row.refresh_from_db()
    assert (row.deleted_at is None) is works
    if works:
        over = timedelta(hours=int(hours))
        assert before + over <= row.expires_at <= timezone.now() + over
        assert row.name == "ci (old)"


def test_rotation_does_not_make_the_old_key_live_longer(client, alice):
    end = timezone.now() + timedelta(hours=1)
    row, _ = key_of(alice, expires_at=end)
    client.post(path(row, "/rotate"), {"overlap": "168", "token": "t"})
    row.refresh_from_db()
    assert row.expires_at == end


def test_rotation_sent_twice_makes_one_key(client, alice):
    row, _ = key_of(alice, "x" * 120)
    for _ in range(2):
        answer = client.post(path(row, "/rotate"), {"overlap": "24", "token": "t"})
    assert answer.status_code == 302
    assert ApiKey.objects.count() == 2
    row.refresh_from_db()
    assert row.name == "x" * 114 + " (old)"


def test_rotation_of_a_members_key_stays_the_members():
    there = world()
    row = there.keys["charlie"]
    browser(there.bob).post(path(row, "/rotate"), {"overlap": "24", "token": "t"})
    made = ApiKey.objects.get(form_token="t")
    assert (made.user, made.member) == (there.alice, there.members["charlie"])


def test_deletion_wants_the_name(client, alice):
    row, text = key_of(alice)
    answer = client.post(path(row, "/delete"), {"name": "CI"})
    assert "name" in answer.context["form"].errors
    assert status(client, text) == 200
    answer = client.post(path(row, "/delete"), {"name": " ci "})
    assert answer["Location"] == "/settings/keys"
    assert status(client, text) == 401
    assert client.get(path(row)).status_code == 404
    row.refresh_from_db()
    assert row.deleted_at is not None


@pytest.mark.parametrize("step", ["rotate", "delete"])
def test_questions_are_pages_and_dialogs(client, alice, step):
    row, _ = key_of(alice)
    page = client.get(path(row, f"/{step}"))
    dialog = client.get(path(row, f"/{step}"), headers={"HX-Request": "true"})
    assert "<html" in page.content.decode()
    assert "<html" not in dialog.content.decode()
    assert "data-open" in dialog.content.decode()
    assert "HX-Request" in page["Vary"]
    # Beside the settings of the key no two fields may have one id.
    assert 'id="id_name"' not in dialog.content.decode()


@pytest.mark.parametrize(
    ("who", "whose", "found"),
    [("alice", "alice", True), ("alice", "bob", True), ("alice", "charlie", True),
     ("bob", "alice", False), ("bob", "bob", True), ("bob", "charlie", True),
     ("charlie", "alice", False), ("charlie", "bob", False), ("charlie", "charlie", True)],
)  # fmt: skip
def test_keys_of_an_account_are_changed_by_whom_they_may(who, whose, found):
    there = world()
    row = there.keys[whose]
    answer = browser(getattr(there, who)).post(path(row, "/switch"), {"disabled": "1"})
    assert answer.status_code == (302 if found else 404)
    row.refresh_from_db()
    assert row.disabled is found


def test_history_tells_reasons(client, alice):
    row, _ = key_of(alice)
    key_changes.change(row, {"disabled": True}, actor="oauth", reason="Used twice.")
    html = client.get(path(row)).content.decode()
    assert "Used twice." in html
    assert "oauth" in html
