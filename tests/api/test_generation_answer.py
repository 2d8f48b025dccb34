from __future__ import annotations

import json
from datetime import UTC, datetime

import api_rows as rows
import pytest

from accounts import keys

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


def get_data(client, path, headers):
    answer = client.get(f"/api/v1/{path}", headers=headers)
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "private, no-store"
    assert set(answer.json()) == {"data"}
    return answer.json()["data"]


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
