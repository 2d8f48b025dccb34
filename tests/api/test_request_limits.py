from __future__ import annotations

import api_rows as rows
import pytest

from api.catalog_shapes import per_request_limits
from catalog.snapshot import Catalog, Endpoint, Model, Prices, Provider
from openrouter_site.money import parse_amount, parse_price

OPENAI = Provider("openai", "OpenAI", "openai", "https://openai.example/v1")
UNCONFIGURED = Provider("azure", "Azure", "openai", None)


def priced(prompt="0", completion="0", request="0", provider=OPENAI):
    prices = Prices(parse_price(prompt), parse_price(completion), request_pico=parse_price(request))
    return Endpoint(1, "openai/gpt-4", provider, "gpt-4", prices, 8192)


def a_model(*endpoints, context_length=8192, **fields):
    prices = endpoints[0].prices if endpoints else Prices()
    values = {"name": "GPT-4", "kind": "chat", "max_completion_tokens": 4096}
    return Model(
        "openai/gpt-4", prices=prices, endpoints=endpoints, context_length=context_length,
        **(values | fields),
    )  # fmt: skip


def limits(model, dollars, *others):
    catalog = Catalog(1, {each.id: each for each in (model, *others)}, {})
    found = per_request_limits(model, catalog, parse_amount(dollars))
    return found and (found["prompt_tokens"], found["completion_tokens"])


def test_limits_are_what_the_credits_pay_for():
    model = a_model(priced("0.00003", "0.00006"))
    assert limits(model, "0.06") == (2000, 1000)
    assert limits(model, "0.059999999") == (1999, 999)
    assert limits(model, "0") == (0, 0)


def test_limits_never_exceed_what_the_model_takes():
    model = a_model(priced("0.00003", "0.00006"))
    assert limits(model, "1000") == (8192, 4096)
    assert limits(a_model(priced(), max_completion_tokens=None), "0") == (8192, 8192)


def test_the_dearest_served_offer_counts_since_holds_cover_it():
    cheap, dear = priced("0.00001", "0.00001"), priced("0.00002", "0.00004")
    assert limits(a_model(cheap, dear), "0.01") == (500, 250)
    nobody = priced("1", "1", provider=UNCONFIGURED)
    assert limits(a_model(cheap, nobody), "0.01") == (1000, 1000)


def test_the_price_of_a_request_is_paid_first():
    model = a_model(priced("0.00001", "0.00001", request="0.005"))
    assert limits(model, "0.015") == (1000, 1000)
    assert limits(model, "0.004") == (0, 0)


def test_a_negative_balance_buys_nothing_free_tokens_neither():
    assert limits(a_model(priced()), "-0.000000001") == (0, 0)
    assert limits(a_model(priced()), "0") == (8192, 4096)


def test_a_router_costs_what_its_candidates_cost():
    candidate = a_model(priced("0.00003", "0.00006"))
    router = Model(
        "openrouter/auto", "Auto", "router", Prices(), (), context_length=200_000,
        routes_to=("openai/gpt-4", "gone/model"),
    )  # fmt: skip
    assert limits(router, "0.06", candidate) == (2000, 1000)


def test_media_models_have_no_token_limits():
    assert limits(a_model(priced(), context_length=None), "1") is None


@pytest.mark.django_db
def test_a_key_sees_its_limits_and_nobody_may_cache_them(client, django_assert_num_queries):
    rows.small_catalog()
    alice = rows.person()
    row, _, headers = rows.key_of(alice)
    rows.account(alice, "1", held="0.5")
    rows.budget(row, limit="0.1", spent="0.01", held="0.01")
    client.get("/api/v1/models", headers=headers)
    with django_assert_num_queries(2):
        answer = client.get("/api/v1/models", headers=headers)
    assert answer["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer["Vary"]
    found = {model["id"]: model["per_request_limits"] for model in answer.json()["data"]}
    # 8 cents are left on the key; the dearer endpoint asks 40 and 80 dollars per million.
    assert found["openai/gpt-4"] == {"prompt_tokens": 2000, "completion_tokens": 1000}
    assert found["openai/shap-e"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("authorization", ["Bearer junk", "Basic YTpi", "", "Bearer "])
def test_a_bad_key_is_ignored_where_none_is_needed(client, authorization):
    rows.small_catalog()
    answer = client.get("/api/v1/models", headers={"authorization": authorization})
    assert answer.status_code == 200
    assert {str(model["per_request_limits"]) for model in answer.json()["data"]} == {"None"}
    assert "public" not in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_cached_public_list_is_never_given_to_a_key(client):
    answer = client.get("/api/v1/models")
    assert answer["Cache-Control"].startswith("public")
    assert "Authorization" in answer["Vary"]
