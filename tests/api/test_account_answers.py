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

SEED_GENERATION_KEYS = {
    "id", "model", "streamed", "generation_time", "created_at", "tokens_prompt",
    "tokens_completion", "native_tokens_prompt", "native_tokens_completion", "num_media_prompt",
    "num_media_completion", "origin", "total_cost",
}  # fmt: skip
TODAY_GENERATION_KEYS = {
    "api_type", "app_id", "cache_discount", "cancelled", "data_region", "external_user",
    "finish_reason", "http_referer", "is_byok", "latency", "moderation_latency",
    "native_finish_reason", "native_tokens_cached", "native_tokens_completion_images",
    "native_tokens_reasoning", "num_fetches", "num_input_audio_prompt", "num_search_results",
    "preset_id", "provider_name", "provider_responses", "request_id", "response_cache_source_id",
    "router", "service_tier", "session_id", "upstream_id", "upstream_inference_cost", "usage",
    "user_agent", "web_search_engine", "workspace_id",
}  # fmt: skip
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


# --- /generation -------------------------------------------------------------------------------


def test_a_generation_has_the_keys_of_the_seed_and_of_today(client, django_assert_num_queries):
    row, key, headers = rows.key_of(rows.person())
    generation = rows.generation(
        row.user, row, "0.00492",
        created_at=datetime(2023, 9, 2, 20, 29, 18, 574972, tzinfo=UTC),
        app_referer="https://localhost:47323/", latency_ms=150, generation_time_ms=2000,
        finish_reason="stop", native_finish_reason="end_turn", provider_name="Anthropic",
        attempts=json.dumps(
            [{"endpoint": 7, "provider": "Azure", "model": "openai/gpt-4-32k", "status": 503,
              "ms": 12}, {"provider": "Anthropic", "status": 200}]
        ),
    )  # fmt: skip
    keys.authenticate_blocking(headers["authorization"])
    with django_assert_num_queries(1):
        data = get_data(client, f"generation?id={generation.id}", headers)
    assert set(data) == SEED_GENERATION_KEYS | TODAY_GENERATION_KEYS
    seed = {name: data[name] for name in SEED_GENERATION_KEYS}
    assert seed == {
        "id": generation.id,
        "model": "openai/gpt-4-32k",
        "streamed": False,
        "generation_time": 2000,
        "created_at": "2023-09-02T20:29:18.574972+00:00",
        "tokens_prompt": 24,
        "tokens_completion": 29,
        "native_tokens_prompt": 25,
        "native_tokens_completion": 30,
        "num_media_prompt": None,
        "num_media_completion": None,
        "origin": "https://localhost:47323/",
        "total_cost": 0.00492,
    }
    assert (data["usage"], data["latency"], data["data_region"]) == (0.00492, 150, "global")
    assert data["provider_responses"][0] == {
        "endpoint_id": "7",
        "provider_name": "Azure",
        "model_permaslug": "openai/gpt-4-32k",
        "status": 503,
        "latency": 12,
        "is_byok": False,
    }
    assert data["provider_responses"][1]["status"] == 200


def test_created_at_always_has_microseconds(client):
    row, _, headers = rows.key_of(rows.person())
    generation = rows.generation(row.user, row, created_at=datetime(2024, 5, 1, tzinfo=UTC))
    data = get_data(client, f"generation?id={generation.id}", headers)
    assert data["created_at"] == "2024-05-01T00:00:00.000000+00:00"


def test_any_key_of_the_user_sees_his_generations(client):
    alice = rows.person()
    row, _, _ = rows.key_of(alice)
    _, _, other_headers = rows.key_of(alice)
    generation = rows.generation(alice, row)
    assert get_data(client, f"generation?id={generation.id}", other_headers)["id"] == generation.id


def test_the_generation_of_another_user_is_not_found_in_the_words_of_a_random_id(client):
    generation = rows.generation(rows.person("alice"))
    _, _, bobs = rows.key_of(rows.person("bob"))
    random = "gen-1715774400-ZZZZZZZZZZZZZZZZZZZZ"
    foreign = client.get(f"/api/v1/generation?id={generation.id}", headers=bobs)
    unknown = client.get(f"/api/v1/generation?id={random}", headers=bobs)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == {
        "error": {"code": 404, "message": f"Generation {generation.id} not found"}
    }
    assert unknown.content.replace(random.encode(), generation.id.encode()) == foreign.content
    assert dict(unknown.headers) | {"Content-Length": 0} == dict(foreign.headers) | {
        "Content-Length": 0
    }


@pytest.mark.parametrize("query", ["", "?id=", "?ID=gen-1"])
def test_a_generation_without_an_id_is_a_bad_request(client, query):
    _, _, headers = rows.key_of(rows.person())
    answer = client.get(f"/api/v1/generation{query}", headers=headers)
    assert answer.status_code == 400
    assert "id" in answer.json()["error"]["message"]


@pytest.mark.parametrize("id", ["gen-%00", "%FF%FE", "gen-1'--", "x" * 5000, "%F0%9F%98%80"])
def test_what_cannot_be_an_id_is_not_looked_up(client, id, django_assert_num_queries):
    _, _, headers = rows.key_of(rows.person())
    keys.authenticate_blocking(headers["authorization"])
    with django_assert_num_queries(0):
        answer = client.get(f"/api/v1/generation?id={id}", headers=headers)
    assert answer.status_code == 404


# --- /key and /auth/key ------------------------------------------------------------------------


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
