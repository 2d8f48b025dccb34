from __future__ import annotations

import api_rows as rows
import pytest
from django.core.management import call_command
from django.db import transaction

from catalog import models as catalog_rows

pytestmark = pytest.mark.django_db

MODEL_KEYS = {
    "id", "canonical_slug", "hugging_face_id", "name", "created", "description", "context_length",
    "architecture", "pricing", "top_provider", "per_request_limits", "supported_parameters",
    "default_parameters", "supported_voices", "knowledge_cutoff", "expiration_date", "links",
}  # fmt: skip
ARCHITECTURE_KEYS = {
    "modality", "input_modalities", "output_modalities", "tokenizer", "instruct_type"
}  # fmt: skip
PRICING_KEYS = {"prompt", "completion", "image", "request", "discount"}
ENDPOINT_KEYS = {
    "name", "model_id", "model_name", "provider_name", "tag", "context_length",
    "max_completion_tokens", "max_prompt_tokens", "pricing", "list_pricing", "quantization",
    "supported_parameters", "is_moderated", "status", "uptime_last_5m", "uptime_last_30m",
    "uptime_last_1d", "latency_last_30m", "throughput_last_30m", "supports_implicit_caching",
    "supports_voice_cloning", "supports_diarization", "supports_tool_choice", "native_tools",
    "service_tier",
}  # fmt: skip


def listed(client, query="", **headers):
    answer = client.get(f"/api/v1/models{query}", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(client, query=""):
    return [model["id"] for model in listed(client, query)["data"]]


def test_models_lists_every_model_with_the_keys_of_the_seed_and_of_today(client):
    rows.small_catalog()
    answer = listed(client)
    assert set(answer) == {"data", "links", "total_count", "models"}
    assert answer["links"] == {"next": None}
    assert answer["total_count"] == len(answer["data"]) == 4
    assert answer["models"] == []
    for model in answer["data"]:
        assert set(model) - {"media_pricing"} == MODEL_KEYS
        assert set(model["architecture"]) == ARCHITECTURE_KEYS
        assert set(model["pricing"]) == PRICING_KEYS
        assert set(model["top_provider"]) == {
            "context_length", "max_completion_tokens", "is_moderated"
        }  # fmt: skip
        assert model["links"] == {"details": f"/api/v1/models/{model['id']}/endpoints"}
        assert model["per_request_limits"] is None


def test_a_model_shows_its_prices_as_decimal_dollars_per_token(client):
    rows.small_catalog()
    model = listed(client)["data"][0]
    assert model["id"] == "openai/gpt-4"
    assert model["pricing"] == {
        "prompt": "0.00003", "completion": "0.00006", "image": "0", "request": "0", "discount": 0
    }  # fmt: skip
    assert model["context_length"] == 8192
    assert model["architecture"]["modality"] == "text->text"


def test_a_router_has_the_price_of_whom_it_picks(client):
    rows.small_catalog()
    [auto] = [model for model in listed(client)["data"] if model["id"] == "openrouter/auto"]
    assert (auto["pricing"]["prompt"], auto["pricing"]["completion"]) == ("-1", "-1")


def test_a_media_model_shows_what_it_makes_and_its_own_price(client):
    rows.small_catalog()
    [shape] = [model for model in listed(client)["data"] if model["id"] == "openai/shap-e"]
    assert shape["context_length"] is None
    assert shape["architecture"]["modality"] == "text->3d"
    assert shape["media_pricing"] == {"usd": "0.01", "unit": "32 steps", "steps": 32}


def test_the_whole_catalog_of_the_seed_is_listed_in_its_order(client):
    call_command("load_catalog", verbosity=0)
    answer = listed(client)
    order = list(catalog_rows.Model.objects.values_list("slug", flat=True))
    assert len(order) == 143
    assert [model["id"] for model in answer["data"]] == order
    for model in answer["data"]:
        path = model["links"]["details"]
        found = client.get(path).json()["data"]
        assert found["id"] == model["id"]
        assert all(set(each) == ENDPOINT_KEYS for each in found["endpoints"])


def test_pages_follow_each_other_to_the_end(client):
    rows.small_catalog()
    seen, path = [], "/api/v1/models?limit=3&q=a"
    while path:
        answer = client.get(path).json()
        assert answer["total_count"] == 4
        seen += [model["id"] for model in answer["data"]]
        path = answer["links"]["next"]
    assert seen == ids(client)


def test_an_offset_past_the_end_is_an_empty_page(client):
    rows.small_catalog()
    answer = listed(client, "?offset=99")
    assert (answer["data"], answer["links"]["next"], answer["total_count"]) == ([], None, 4)


@pytest.mark.parametrize(
    "query",
    ["offset=-1", "offset=x", "offset=1.5", "offset=1e3", "offset=99999999999999999999",
     "limit=0", "limit=1001", "limit=%D9%A3", "limit=1_0", "limit=%00", "limit=+5"],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused_by_name(client, query):
    answer = client.get(f"/api/v1/models?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400
    assert answer.json()["error"]["message"].startswith(query.partition("=")[0])


def test_models_are_found_by_words_and_by_parameters(client):
    rows.small_catalog()
    assert ids(client, "?q=GPT") == ["openai/gpt-4"]
    assert ids(client, "?q=mistral+free") == ["mistralai/mistral-7b-instruct:free"]
    assert ids(client, "?q=%25%25_%00") == []
    assert ids(client, "?supported_parameters=tools,tool_choice") == ["openai/gpt-4"]
    assert ids(client, "?supported_parameters=tools,no_such") == []
    assert len(ids(client, "?category=programming&use_rss=false&format=html&limit=&offset=")) == 4


def test_count_counts_what_the_list_would_show(client):
    rows.small_catalog()
    assert client.get("/api/v1/models/count").json() == {"data": {"count": 4}}
    assert client.get("/api/v1/models/count?q=gpt").json() == {"data": {"count": 1}}


def test_one_model_by_its_id_with_a_variant(client):
    rows.small_catalog()
    answer = client.get("/api/v1/model/mistralai/mistral-7b-instruct:free")
    assert answer.json()["data"] == listed(client, "?q=:free")["data"][0]
    encoded = client.get("/api/v1/model/mistralai/mistral-7b-instruct%3Afree")
    assert encoded.json() == answer.json()


def test_endpoints_are_in_routing_order_with_the_keys_that_sdks_demand(client):
    rows.small_catalog()
    found = client.get("/api/v1/models/openai/gpt-4/endpoints").json()["data"]
    assert set(found) == {"id", "name", "created", "description", "architecture", "endpoints"}
    assert set(found["architecture"]) == ARCHITECTURE_KEYS
    first, second = found["endpoints"]
    assert set(first) == set(second) == ENDPOINT_KEYS
    assert (first["name"], first["provider_name"]) == ("OpenAI | openai/gpt-4", "OpenAI")
    assert (first["tag"], first["status"], first["native_tools"]) == ("openai", 0, {})
    assert first["supports_tool_choice"] == {
        "auto": True, "function": True, "none": True, "required": True
    }  # fmt: skip
    assert not any(second["supports_tool_choice"].values())
    assert (second["pricing"]["prompt"], second["quantization"]) == ("0.00004", "fp16")


def test_a_discount_is_a_fraction_beside_the_list_price(client):
    rows.small_catalog()
    path = "/api/v1/models/mistralai/mistral-7b-instruct:free/endpoints"
    [found] = client.get(path).json()["data"]["endpoints"]
    assert (found["pricing"]["prompt"], found["pricing"]["discount"]) == ("0", 1)
    assert found["list_pricing"]["prompt"] == "0.0000002"


@pytest.mark.parametrize(
    "path",
    ["/api/v1/models/openai/gpt-5/endpoints", "/api/v1/model/openai/gpt-5",
     "/api/v1/model/openai/gpt-4%00", "/api/v1/model/Openai/gpt-4"],
)  # fmt: skip
def test_an_unknown_model_is_404(client, path):
    rows.small_catalog()
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == 404
    assert "not found" in answer.json()["error"]["message"]


def test_providers_have_names_slugs_and_data_policies(client):
    with transaction.atomic():
        catalog_rows.bump_version()
        rows.provider(may_train=True, retains_prompts=True)
    [provider] = client.get("/api/v1/providers").json()["data"]
    assert provider == {
        "name": "OpenAI",
        "slug": "openai",
        "privacy_policy_url": None,
        "terms_of_service_url": None,
        "status_page_url": None,
        "headquarters": None,
        "datacenters": None,
        "data_policy": {"training": True, "retains_prompts": True},
    }


@pytest.mark.parametrize(
    "path",
    ["models", "models/count", "model/openai/gpt-4", "models/openai/gpt-4/endpoints", "providers"],
)
def test_public_answers_may_be_cached_and_cost_no_query(client, path, django_assert_num_queries):
    rows.small_catalog()
    client.get("/api/v1/models")
    client.get("/api/v1/models/openai/gpt-4/endpoints")
    with django_assert_num_queries(0):
        answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("public, max-age=120")
    assert "Set-Cookie" not in answer
