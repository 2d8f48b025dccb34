from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import api_rows as rows
import pytest

from accounts import keys
from api.credits import credits_left, key_usage, requests_per_second
from billing.models import KeyBudget
from openrouter_site.money import NANO_PER_DOLLAR, dollars

pytestmark = pytest.mark.django_db

KEY_KEYS = {
    "label", "usage", "limit", "is_free_tier", "rate_limit",
    "limit_remaining", "limit_reset", "usage_daily", "usage_weekly", "usage_monthly",
    "byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly",
    "include_byok_in_limit", "is_management_key", "is_provisioning_key", "creator_user_id",
    "expires_at", "allowed_data_regions", "budgets", "effective_budget",
    "free_model_daily_requests", "organization_id", "workspace_id",
}  # fmt: skip


def get_data(client, path, headers):
    answer = client.get(f"/api/v1/{path}", headers=headers)
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "private, no-store"
    assert set(answer.json()) == {"data"}
    return answer.json()["data"]


@pytest.mark.parametrize("path", ["key", "auth/key"])
def test_a_key_has_the_keys_of_the_seed_and_of_today(client, path, django_assert_num_queries):
    alice = rows.person()
    row, key, headers = rows.key_of(alice)
    rows.account(alice, "10")
    rows.budget(row, limit="5", spent="1.5", spent_total="2.25")
    keys.authenticate_blocking(headers["authorization"])
    with django_assert_num_queries(5):
        data = get_data(client, path, headers)
    assert set(data) == KEY_KEYS
    assert data["label"] == row.label and key not in json.dumps(data)
    assert (data["usage"], data["limit"], data["limit_remaining"]) == (2.25, 5, 3.5)
    assert (data["limit_reset"], data["expires_at"], data["budgets"]) == (None, None, [])
    assert set(data["rate_limit"]) == {"requests", "interval", "note"}
    assert data["allowed_data_regions"] == ["global"]


def test_a_new_key_without_rows_of_money_has_used_nothing(client):
    _, _, headers = rows.key_of(rows.person())
    data = get_data(client, "auth/key", headers)
    assert (data["usage"], data["limit"], data["limit_remaining"]) == (0, None, None)
    assert data["rate_limit"]["requests"] == 1
    assert data["is_free_tier"] is True


@pytest.mark.parametrize(
    ("credits", "requests"),
    [("-5", 1), ("0", 1), ("0.99", 1), ("5", 5), ("10.5", 10), ("200", 200), ("1000", 200)],
)
def test_the_rate_limit_is_one_request_per_second_and_credit(client, credits, requests):
    alice = rows.person()
    _, _, headers = rows.key_of(alice)
    rows.account(alice, credits)
    limit = get_data(client, "auth/key", headers)["rate_limit"]
    assert (limit["requests"], limit["interval"]) == (requests, "1s")


def test_the_rate_limit_counts_the_credits_left_on_the_key_too(client):
    alice = rows.person()
    row, _, headers = rows.key_of(alice)
    rows.account(alice, "100", held="20")
    assert get_data(client, "auth/key", headers)["rate_limit"]["requests"] == 80
    rows.budget(row, limit="12", spent="3", held="2")
    assert get_data(client, "auth/key", headers)["rate_limit"]["requests"] == 7


def test_requests_per_second_is_a_whole_number():
    assert [requests_per_second(n) for n in (NANO_PER_DOLLAR * 2 - 1, NANO_PER_DOLLAR * 2)] == [
        1,
        2,
    ]


def test_a_limit_below_what_is_spent_leaves_nothing(client):
    row, _, headers = rows.key_of(rows.person())
    rows.budget(row, limit="1", spent="1.5")
    assert get_data(client, "key", headers)["limit_remaining"] == 0


def test_expiry_is_shown_in_utc(client):
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    _, _, headers = rows.key_of(rows.person(), expires_at=expires_at)
    assert get_data(client, "key", headers)["expires_at"] == expires_at.isoformat()


def usage_at(now, *spent):
    """(daily, weekly, monthly) at `now` of a key that spent (dollars, when) pairs."""
    row, _, headers = rows.key_of(rows.person())
    for amount, when in spent:
        rows.generation(row.user, row, amount, created_at=when)
    usage = key_usage(keys.authenticate_blocking(headers["authorization"]), now)
    return tuple(
        dollars(each) for each in (usage.daily_nano, usage.weekly_nano, usage.monthly_nano)
    )


def at(day, month=5, hour=0, **offset):
    return datetime(2024, month, day, hour, tzinfo=UTC) + timedelta(**offset)


def test_usage_is_counted_from_midnight_monday_and_the_first_in_utc():
    microsecond_before = {"microseconds": -1}
    assert usage_at(
        at(15, hour=9),  # Wednesday
        ("1", at(15)),
        ("2", at(15, **microsecond_before)),
        ("4", at(13)),
        ("8", at(13, **microsecond_before)),
        ("16", at(1)),
        ("32", at(1, **microsecond_before)),
    ) == (1, 7, 31)


def test_a_week_may_begin_in_the_month_before():
    assert usage_at(
        at(2, hour=9),  # Thursday, 2 May
        ("1", at(2)),
        ("2", at(1)),
        ("4", at(29, month=4)),
        ("8", at(28, month=4)),
    ) == (1, 7, 3)


def test_usage_is_of_this_key_only():
    alice = rows.person()
    row, _, headers = rows.key_of(alice)
    other, _, _ = rows.key_of(alice)
    rows.generation(alice, other, "1")
    rows.generation(alice, None, "2")
    usage = key_usage(keys.authenticate_blocking(headers["authorization"]), rows.NOW)
    assert (usage.daily_nano, usage.monthly_nano) == (0, 0)


def test_a_period_that_is_over_no_longer_counts_against_the_limit():
    alice = rows.person()
    row, _, headers = rows.key_of(alice)
    rows.account(alice, "100")
    rows.budget(
        row, limit="5", spent="4", spent_total="40",
        period=KeyBudget.Period.WEEKLY, period_start=at(6).date(),
    )  # fmt: skip
    key = keys.authenticate_blocking(headers["authorization"])
    last_week, this_week = at(12, hour=23), at(13)
    assert credits_left(key, last_week) == NANO_PER_DOLLAR
    assert credits_left(key, this_week) == 5 * NANO_PER_DOLLAR
    usage = key_usage(key, this_week)
    assert (usage.limit_remaining_nano, usage.limit_reset) == (5 * NANO_PER_DOLLAR, "weekly")
    assert usage.total_nano == 40 * NANO_PER_DOLLAR


def test_a_frozen_account_has_nothing_left():
    alice = rows.person()
    _, _, headers = rows.key_of(alice)
    rows.account(alice, "10", frozen=True)
    assert credits_left(keys.authenticate_blocking(headers["authorization"]), rows.NOW) == 0


def test_free_requests_of_today_are_counted_over_all_keys_of_the_user():
    alice, bob = rows.person("alice"), rows.person("bob")
    row, _, headers = rows.key_of(alice)
    other, _, _ = rows.key_of(alice)
    free = {"model": "mistralai/mistral-7b-instruct:free"}
    rows.generation(alice, row, **free)
    rows.generation(alice, other, **free)
    rows.generation(alice, row)
    rows.generation(alice, row, created_at=at(14), **free)
    rows.generation(bob, **free)
    usage = key_usage(keys.authenticate_blocking(headers["authorization"]), rows.NOW)
    assert usage.free_requests_today == 2


def test_free_requests_show_how_many_remain(client):
    alice = rows.person()
    row, _, headers = rows.key_of(alice)
    rows.generation(alice, row, created_at=datetime.now(UTC), model="a/b:free")
    data = get_data(client, "key", headers)["free_model_daily_requests"]
    assert data == {"limit": 200, "used": 1, "remaining": 199}


# --- /credits ----------------------------------------------------------------------------------


def test_credits_are_what_came_in_and_what_was_used(client, django_assert_num_queries):
    alice = rows.person()
    _, _, headers = rows.key_of(alice)
    me = f"user:{alice.pk}"
    rows.transfer("promo", me, "100.5")
    rows.transfer(me, "revenue", "26", kind="capture")
    rows.transfer("revenue", me, "0.25", kind="adjust")
    rows.transfer("overrun", "revenue", "9", kind="overrun")
    rows.transfer("user:0", "revenue", "7", kind="capture")
    rows.account(alice, "74.75", held="3")
    keys.authenticate_blocking(headers["authorization"])
    with django_assert_num_queries(2):
        data = get_data(client, "credits", headers)
    assert data == {"total_credits": 100.5, "total_usage": 25.75}


def test_credits_of_a_user_without_an_account_are_nothing(client):
    _, _, headers = rows.key_of(rows.person())
    assert get_data(client, "credits", headers) == {"total_credits": 0, "total_usage": 0}


def test_presents_and_repayments_do_not_make_a_paying_user(client):
    alice = rows.person()
    _, _, headers = rows.key_of(alice)
    me = f"user:{alice.pk}"
    rows.transfer("promo", me, "5")
    rows.transfer("revenue", me, "1", kind="adjust")
    assert get_data(client, "auth/key", headers)["is_free_tier"] is True
    rows.transfer("payments", me, "5")
    assert get_data(client, "auth/key", headers)["is_free_tier"] is False
