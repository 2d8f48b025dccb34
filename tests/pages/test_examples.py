"""The model of an example is one that answers whoever copies it."""

from __future__ import annotations

import pytest
from api_rows import account, person, small_catalog
from sessions import sign_in

from catalog import live
from catalog.models import Endpoint, Provider
from pages.examples import Example, chosen

pytestmark = pytest.mark.django_db
FREE = "mistralai/mistral-7b-instruct:free"


@pytest.fixture(autouse=True)
def catalog(settings):
    settings.DEFAULT_MODEL = "openai/gpt-4"
    settings.UNCONFIGURED_PROVIDER_URL = ""
    small_catalog()
    live.forget()


def of(payer=None, allowed=()):
    return chosen(live.catalog(), payer, allowed)


def alice(dollars="5", **fields):
    user = person(**fields)
    account(user, dollars)
    return user


def test_visitor_gets_the_default_and_a_user_his_own():
    assert of() == Example("openai/gpt-4")
    assert of(alice()) == Example("openai/gpt-4")
    assert of(person("bob", default_model=FREE)) == Example(FREE)
    assert of(alice(name="carol", default_model="openrouter/auto")) == Example("openrouter/auto")


def test_who_has_no_credits_gets_a_free_model():
    assert of(person()) == Example(FREE)


def test_who_has_no_credits_and_no_free_model_is_told_so():
    Endpoint.objects.filter(model__slug=FREE).delete()
    live.forget()
    assert of(person()) == Example("openai/gpt-4", lacks_credits=True)


def test_negative_balance_is_refused_free_models_too():
    assert of(alice("-1")) == Example(FREE, lacks_credits=True)


def test_model_that_nobody_serves_is_no_example():
    Provider.objects.filter(slug="openai").update(credential_env=["NO_SUCH_KEY"])
    Endpoint.objects.filter(model__slug="openai/gpt-4", provider__slug="azure").delete()
    live.forget()
    assert of() == Example(FREE)


def test_key_that_may_use_few_models_is_shown_with_one_of_them():
    assert of(alice(), [FREE]) == Example(FREE)
    assert of(person("bob"), ["openai/gpt-4"]) == Example("openai/gpt-4", lacks_credits=True)


def test_page_of_a_new_key_says_when_its_example_must_wait_for_credits(client):
    user = person()
    sign_in(client, user)
    form = {"name": "ci", "kind": "inference", "lifetime": "never", "holder": ""}
    free = client.post("/settings/keys/new", {**form, "token": "1"}).content.decode()
    assert FREE in free and "Works as it is" in free
    paid = {**form, "token": "2", "allowed_models": ["openai/gpt-4"]}
    html = client.post("/settings/keys/new", paid).content.decode()
    assert "until then with 402" in html and "Works as it is" not in html


def test_landing_without_any_model_still_has_an_example(client):
    Endpoint.objects.all().delete()
    live.forget()
    assert "openai/gpt-4" in client.get("/").content.decode()
