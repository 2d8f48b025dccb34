"""A key that may use some models only: no fallback, router or suffix gets past it."""

from __future__ import annotations

from random import Random

import pytest
from routing_builders import LLAMA, MICRO, Caller, catalog, chat_request, endpoint, model, size

from openrouter_site.errors import Forbidden, Unavailable
from routing.health import Health
from routing.plan import plan

GPT, FREE, ROUTER = "openai/gpt-4", f"{LLAMA}:free", "openrouter/auto"
KNOWN = catalog(
    model(endpoint(1), hugging_face_id="meta/llama"),
    model(endpoint(2, prompt=2 * MICRO, model_id=GPT), id=GPT),
    model(endpoint(3, prompt=0, completion=0, model_id=FREE), id=FREE, variant="free"),
    model(id=ROUTER, kind="router", routes_to=(LLAMA, GPT)),
)
UNSERVED = catalog(
    model(endpoint(1), endpoint(4, context_length=10)),
    model(endpoint(2, model_id=GPT, context_length=10), id=GPT),
)


def routes(*allowed, known=KNOWN, **fields):
    caller = Caller(allowed_models=frozenset(allowed))
    made = plan(chat_request(**fields), caller, known, Health(), Random(1), size=size())
    return [route.model.id for route in made.routes]


def refused(*allowed, **fields):
    with pytest.raises(Forbidden) as error:
        routes(*allowed, **fields)
    return error.value


def test_without_a_list_all_models_may_be_used():
    assert routes(model=GPT) == [GPT]


def test_model_on_the_list_is_used_and_another_is_refused_by_name():
    assert routes(LLAMA, model=LLAMA) == [LLAMA]
    error = refused(LLAMA, FREE, model=GPT)
    assert error.message == f"This key may not use {GPT}. It may use: {LLAMA}, {FREE}."
    assert error.metadata["allowed_models"] == [LLAMA, FREE]
    assert error.metadata["field"] == "model"


def test_fallbacks_are_left_out_one_by_one():
    assert routes(LLAMA, model=GPT, models=(LLAMA,)) == [LLAMA]
    assert routes(LLAMA, model=LLAMA, models=(GPT, FREE)) == [LLAMA]
    refused(FREE, model=GPT, models=(LLAMA,))


def test_open_alternative_of_the_route_is_left_out():
    assert routes(model=GPT, route="fallback") == [GPT, LLAMA]
    assert routes(GPT, model=GPT, route="fallback") == [GPT]


def test_router_chooses_among_the_list_only():
    assert routes(GPT, model=ROUTER) == [GPT]
    assert refused(ROUTER, model=ROUTER).message.startswith(f"This key may not use {ROUTER}.")


def test_variant_is_a_model_of_its_own_and_sorting_is_not():
    refused(LLAMA, model=FREE)
    refused(FREE, model=LLAMA)
    assert routes(LLAMA, model=f"{LLAMA}:nitro") == [LLAMA]
    refused(FREE, model=f"{LLAMA}:floor")


def test_default_model_is_no_way_around():
    refused(GPT, model=None)


def test_what_else_is_wrong_with_a_model_on_the_list_is_told_as_ever():
    with pytest.raises(Unavailable) as error:
        routes(LLAMA, known=UNSERVED, model=LLAMA, models=(GPT,), image_count=1)
    assert {drop["reason"] for drop in error.value.metadata["dropped"]} == {
        "models of this key", "image input",
    }  # fmt: skip
