"""GET /models with every filter, order and form that today's OpenRouter documents."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import api_rows as rows
import pytest
from django.db import transaction

from activity import popularity
from activity.models import App, UsageDay, UsageHour
from activity.sources import day_of
from catalog import models as catalog_rows

pytestmark = pytest.mark.django_db

GPT4, FREE, AUTO, SHAPE = (
    "openai/gpt-4", "mistralai/mistral-7b-instruct:free", "openrouter/auto", "openai/shap-e",
)  # fmt: skip
DAY_S = 86_400


@pytest.fixture(autouse=True)
def nothing_read_before():
    popularity.forget()
    yield
    popularity.forget()


def ids(client, query, path="models", **headers):
    answer = client.get(f"/api/v1/{path}?{query}", headers=headers)
    assert answer.status_code == 200, answer.content
    return [model["id"] for model in answer.json()["data"]]


def change(slug, **fields):
    with transaction.atomic():
        catalog_rows.bump_version()
        catalog_rows.Model.objects.filter(slug=slug).update(**fields)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("output_modalities=text", [GPT4, FREE, AUTO]),
        ("output_modalities=3d,image", [SHAPE]),
        ("output_modalities=all", [GPT4, FREE, AUTO, SHAPE]),
        ("input_modalities=text", [GPT4, FREE, AUTO, SHAPE]),
        ("input_modalities=text,image", []),
        ("context=8193", [FREE, AUTO]),
        ("min_price=0.01", [GPT4]),
        ("max_price=0", [FREE]),
        ("max_price=29.9&max_output_price=60", [FREE]),
        ("min_output_price=60&max_output_price=60", [GPT4]),
        ("model_authors=OpenAI,openrouter", [GPT4, AUTO, SHAPE]),
        ("providers=azure", [GPT4, FREE]),
        ("providers=OpenAI", [GPT4, SHAPE]),
        ("arch=GPT", [GPT4]),
        ("zdr=true", [FREE, GPT4]),
        ("zdr=false", [GPT4, FREE, AUTO, SHAPE]),
        ("q=gpt&min_price=&context=&sort=&zdr=", [GPT4]),
        ("category=programming&region=eu&distillable=true&min_coding_index=3&nonsense=1",
         [GPT4, FREE, AUTO, SHAPE]),
    ],
)  # fmt: skip
def test_each_filter_leaves_what_it_says(client, query, found):
    rows.small_catalog()
    change(GPT4, tokenizer="GPT")
    catalog_rows.Provider.objects.filter(slug="azure").update(retains_prompts=False)
    catalog_rows.Provider.objects.filter(slug="openai").update(retains_prompts=True)
    assert set(ids(client, query)) == set(found)
    count = client.get(f"/api/v1/models/count?{query}").json()["data"]["count"]
    assert count == len(found)


def test_age_in_days_is_counted_from_now(client):
    rows.small_catalog()
    now_s = int(time.time())
    change(GPT4, created=now_s - 10 * DAY_S)
    change(FREE, created=now_s - 100 * DAY_S)
    assert ids(client, "max_age_days=11") == [GPT4]
    assert set(ids(client, "min_age_days=11")) == {FREE, AUTO, SHAPE}
    assert ids(client, "min_age_days=9&max_age_days=50") == [GPT4]


@pytest.mark.parametrize(
    "query",
    ["output_modalities=smell", "input_modalities=text,smell", "context=-1", "context=1k",
     "min_price=cheap", "max_price=1e3", "max_price=-1", "max_output_price=%C2%B2", "zdr=maybe",
     "sort=best", "sort=newest,", "use_rss=yes", "min_age_days=x", "max_age_days=36501"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["models", "models/count"])
def test_a_value_that_cannot_be_is_refused_by_name(client, path, query):
    answer = client.get(f"/api/v1/{path}?{query}")
    error = rows.error_of(answer, 400)
    name = query.partition("=")[0]
    assert error["message"].startswith(name)
    assert error["metadata"] == {"field": name}


@pytest.mark.parametrize(
    ("sort", "first"),
    [("newest", [FREE, GPT4]), ("pricing-low-to-high", [SHAPE, FREE, GPT4, AUTO]),
     ("pricing-high-to-low", [GPT4]), ("context-high-to-low", [AUTO, FREE, GPT4, SHAPE])],
)  # fmt: skip
def test_models_are_sorted(client, sort, first):
    rows.small_catalog()
    change(GPT4, created=1000)
    change(FREE, created=2000)
    found = ids(client, f"sort={sort}")
    if sort == "pricing-low-to-high":  # what costs nothing stays in the order of the catalog
        assert set(found[:2]) == {SHAPE, FREE} and found[2:] == first[2:]
    else:
        assert found[: len(first)] == first
    assert len(found) == 4


def test_routers_have_no_price_and_are_the_last_by_price(client):
    rows.small_catalog()
    for sort in ("pricing-low-to-high", "pricing-high-to-low"):
        assert ids(client, f"sort={sort}")[-1] == AUTO


@pytest.mark.parametrize("sort", ["intelligence-high-to-low", "design-arena-elo-high-to-low"])
def test_sorting_by_scores_that_nobody_knows_keeps_the_order(client, sort):
    rows.small_catalog()
    assert ids(client, f"sort={sort}") == ids(client, "")


def test_models_are_sorted_by_how_their_best_endpoint_did(client):
    rows.small_catalog()
    slow, fast = (
        catalog_rows.Endpoint.objects.get(provider__slug="azure", model__slug=slug)
        for slug in (GPT4, FREE)
    )
    rows.statistic(slow, succeeded=1, latency_s=[2.0], throughput=[10])
    rows.statistic(fast, succeeded=1, latency_s=[0.1], throughput=[90])
    assert ids(client, "sort=latency-low-to-high")[:2] == [FREE, GPT4]
    assert ids(client, "sort=throughput-high-to-low")[:2] == [FREE, GPT4]


def use(model, tokens, begins_at, kind):
    app, _ = App.objects.get_or_create(referer="", title="")
    user = rows.person(f"{model}{begins_at:%d}".replace("/", "").replace(":", ""))
    kind.objects.create(
        user=user, begins_at=begins_at, model=model, provider_name="OpenAI", app=app, requests=1,
        failures=0, cancelled=0, own_key_requests=0, tokens_prompt=tokens, tokens_completion=1,
        native_tokens_prompt=0, native_tokens_completion=0, cost_nano=0, upstream_cost_nano=0,
    )  # fmt: skip


def test_models_are_sorted_by_their_use(client):
    rows.small_catalog()
    today = day_of(datetime.now(UTC))
    use(SHAPE, 500, today - timedelta(days=20), UsageDay)
    use(AUTO, 40, today - timedelta(days=3), UsageDay)
    use(FREE, 90, today, UsageHour)
    assert ids(client, "sort=top-weekly")[:2] == [FREE, AUTO]
    assert ids(client, "sort=most-popular")[:3] == [SHAPE, FREE, AUTO]


def test_the_feed_has_the_newest_first_with_links_to_their_pages(client, settings):
    rows.small_catalog()
    change(GPT4, created=1_700_000_000, description="Large & \x1b[1mclever")
    answer = client.get("/api/v1/models?use_rss=true&limit=2")
    assert answer["Content-Type"].startswith("application/rss+xml")
    assert answer["Access-Control-Allow-Origin"] == "*"
    channel = ElementTree.fromstring(answer.content).find("channel")
    items = channel.findall("item")
    assert len(items) == 2
    newest = items[0]
    assert newest.findtext("guid") == GPT4
    assert newest.findtext("link") == f"{settings.SITE_URL}/{GPT4}"
    assert newest.findtext("description") == "Large & [1mclever"
    chat = client.get("/api/v1/models?use_rss=1&use_rss_chat_links=true&q=:free")
    link = ElementTree.fromstring(chat.content).findtext("channel/item/link")
    assert link == f"{settings.SITE_URL}/playground?models={FREE}"


def test_endpoints_of_providers_that_keep_no_prompts(client):
    rows.small_catalog()
    catalog_rows.Provider.objects.filter(slug="openai").update(retains_prompts=True)
    catalog_rows.Provider.objects.filter(slug="azure").update(retains_prompts=False)
    answer = client.get("/api/v1/endpoints/zdr")
    found = [(each["provider_name"], each["model_id"]) for each in answer.json()["data"]]
    assert sorted(found) == [("Azure", FREE), ("Azure", GPT4)]
    assert answer["Cache-Control"].startswith("public")


def test_models_of_a_key_are_those_its_account_and_it_may_use(client):
    rows.small_catalog()
    catalog_rows.Provider.objects.update(may_train=False, retains_prompts=False)
    user = rows.person(ignored_providers=["openai"])
    _, _, headers = rows.key_of(user)
    _, _, narrow = rows.key_of(user, allowed_models=[FREE, SHAPE])
    with_router = [GPT4, FREE, AUTO]
    assert set(ids(client, "", "models/user", **headers)) == set(with_router)
    assert ids(client, "", "models/user", **narrow) == [FREE]
    assert ids(client, "max_price=0", "models/user", **headers) == [FREE]
    answer = client.get("/api/v1/models/user", headers=headers).json()
    assert set(answer) == {"data", "links", "total_count", "models"}
    assert answer["total_count"] == 3
    assert answer["data"][0]["per_request_limits"] is not None
    rows.error_of(client.get("/api/v1/models/user"), 401)
