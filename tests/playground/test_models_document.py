"""What the model picker is told: all models, and why some of them cannot be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from api_rows import person
from chat_rows import browser
from django.test import Client

from accounts.callers import Caller
from catalog.snapshot import Catalog, Endpoint, Model, Prices, Provider
from playground.models_document import disabled, models_for

ANYBODY = Caller(default_model="a/model")
PROVIDER = Provider("maker", "Maker", "openai", served_at="http://maker", may_train=True)
PRICES = Prices(prompt_pico=5_000_000, completion_pico=15_000_000)


def catalog_of(*models):
    return Catalog(1, {model.id: model for model in models}, {})


def model_at(provider=PROVIDER, id="a/model", **fields):
    endpoint = Endpoint(1, id, provider, "model", PRICES, 8192)
    return Model(id, "A: Model", "chat", PRICES, (endpoint,), **fields)


def test_a_model_is_told_with_what_the_picker_shows():
    model = model_at(supported_parameters=("tools", "temperature"), context_length=8192)
    (row,) = models_for(catalog_of(model), ANYBODY)
    assert (row["prompt"], row["completion"]) == ("0.000005", "0.000015")
    assert row["parameters"] == ["temperature", "tools"] and row["tools"] is True
    assert row["providers"] == ["Maker"] and row["media"] is None and row["disabled"] is None
    assert row["avatar"][1] == "A"


def test_a_media_model_is_told_with_the_price_of_its_steps():
    shape = model_at(id="a/shape", media_pricing={"usd": "0.0002", "steps": 32})
    (row,) = models_for(catalog_of(shape), ANYBODY)
    assert (row["media"]["unit_steps"], row["media"]["unit_cost"]) == (32, "0.0002")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"allow_training": False}, "may train on prompts, which your privacy settings forbid"),
        ({"ignored_providers": frozenset({"maker"})}, "are ignored by your settings"),
        ({"allowed_models": frozenset({"b/other"})}, "The Playground's key may not use it."),
    ],
)
def test_what_the_settings_forbid_is_said(changes, why):
    model = model_at()
    assert disabled(model, catalog_of(model), ANYBODY) is None
    assert why in disabled(model, catalog_of(model), replace(ANYBODY, **changes))


def test_what_nobody_serves_is_said():
    model = model_at(replace(PROVIDER, served_at=None))
    assert "Nobody serves it here" in disabled(model, catalog_of(model), ANYBODY)


def test_a_router_is_as_good_as_those_it_leads_to():
    router = replace(model_at(), id="a/auto", kind="router", endpoints=(), routes_to=("a/model",))
    assert disabled(router, catalog_of(router, model_at()), ANYBODY) is None
    gone = model_at(replace(PROVIDER, served_at=None))
    assert disabled(router, catalog_of(router, gone), ANYBODY) is not None


@pytest.mark.django_db
def test_it_is_sent_once_and_to_who_is_signed_in():
    assert Client().get("/playground/models.json").status_code == 302
    page = browser(person("alice"))
    answer = page.get("/playground/models.json")
    assert answer.status_code == 200 and "private" in answer["Cache-Control"]
    again = page.get("/playground/models.json", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304 and not again.content


@pytest.mark.django_db
def test_the_page_is_for_who_is_signed_in():
    assert Client().get("/playground")["Location"] == "/accounts/login/?next=/playground"
    page = browser(person("alice"))
    answer = page.get("/playground?models=a/model")
    assert answer.status_code == 200 and b'id="bootstrap"' in answer.content
    assert page.get("/playground/c/chat-unknown").status_code == 404
