"""The order of endpoints: the seed's load balancing, and what callers may ask instead."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from routing_builders import LLAMA, MICRO, Caller, catalog, chat_request, endpoint, model, size

from openrouter_site.errors import BadRequest, Unavailable
from routing.health import Health
from routing.plan import plan
from routing.preferences import ProviderPreferences

A, B, C = (endpoint(n, name, n * MICRO, n * MICRO) for n, name in enumerate("ABC", start=1))
SEED_EXAMPLE = catalog(model(A, B, C))
DRAWS = 6000


def planned(known=SEED_EXAMPLE, request=None, *, unstable=(), rng=None, preferences=None, **more):
    """`preferences` are the keys of the provider object."""
    health = Health()
    for id in unstable:
        health.failed(id)
    if preferences is not None:
        request = chat_request(provider=ProviderPreferences(**preferences))
    arguments = {"size": size(), "caller": Caller()} | more
    return plan(
        request or chat_request(),
        arguments.pop("caller"), known, health, rng or Random(1), **arguments,
    )  # fmt: skip


def names(route_plan):
    """The providers of its first route, in order."""
    return [endpoint.provider.name for endpoint in route_plan.routes[0].endpoints]


def orders(count=DRAWS, **given):
    rng = Random(2024)
    return Counter("".join(names(planned(rng=rng, **given))) for _ in range(count))


# --- Load balancing (seed) -----------------------------------------------------------------------


def test_the_example_of_the_documents():
    """A costs $1, B $2, C $3; B saw outages: A is three times as likely first as C, B is last."""
    drawn = orders(unstable=[2])
    assert set(drawn) == {"ACB", "CAB"}
    # Of 6000 draws 4500 are expected, with a standard deviation of 34.
    assert abs(drawn["ACB"] - DRAWS * 3 / 4) < 5 * 34


def test_all_stable_ones_are_drawn_by_inverse_price_and_the_rest_follow_by_price():
    drawn = orders()
    assert set(drawn) == {"ABC", "BAC", "CAB"}
    for order, share in (("ABC", 6 / 11), ("BAC", 3 / 11), ("CAB", 2 / 11)):
        assert abs(drawn[order] - DRAWS * share) < 5 * 39


def test_exponent_favours_the_cheaper():
    drawn = orders(unstable=[2], exponent=2.0)
    assert abs(drawn["ACB"] - DRAWS * 9 / 10) < 5 * 24
    even = orders(unstable=[2], exponent=0.0)
    assert abs(even["ACB"] - DRAWS / 2) < 5 * 39


def test_whoever_is_unstable_is_last_and_never_dropped():
    assert set(orders(count=50, unstable=[1, 2])) == {"CAB"}
    assert set(orders(count=50, unstable=[1, 2, 3])) == {"ABC"}


def test_free_endpoints_are_first_and_equally_likely():
    free = [endpoint(n, name, 0, 0) for n, name in ((4, "X"), (5, "Y"))]
    drawn = orders(known=catalog(model(*free, A)))
    assert set(drawn) == {"XYA", "YXA"}
    assert abs(drawn["XYA"] - DRAWS / 2) < 5 * 39


def test_price_is_that_of_this_request():
    """Long prompts and short answers are cheaper at X, the reverse at Y."""
    x, y = endpoint(1, "X", 1 * MICRO, 900 * MICRO), endpoint(2, "Y", 30 * MICRO, 1 * MICRO)
    for tokens, answer, first in ((8000, 1, "XY"), (10, 4000, "YX")):
        asked = size(tokens, max_tokens=answer)
        drawn = orders(200, known=catalog(model(x, y)), size=asked, exponent=20.0)
        assert drawn[first] == 200


def test_same_generator_same_plan():
    def thirty(seed):
        rng = Random(seed)
        return [planned(rng=rng) for _ in range(30)]

    assert thirty(7) == thirty(7)
    assert thirty(7) != thirty(8)


# --- Preferences ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("C", "A"), ("c", "a"), ("c/turbo", "A"), ("C", "A", "C")])
def test_order_is_exhaustive_and_takes_names_and_slugs(order):
    for unstable in ([], [3]):
        assert names(planned(preferences={"order": order}, unstable=unstable)) == ["C", "A"]


def test_order_takes_display_names_with_spaces():
    lynns = catalog(model(endpoint(1, "Lynn"), endpoint(2, "Lynn 2")))
    for name in ("Lynn 2", "lynn-2", "LYNN 2"):
        assert names(planned(lynns, preferences={"order": (name,)})) == ["Lynn 2"]
    assert names(planned(lynns, preferences={"order": ("Lynn",)})) == ["Lynn"]


def test_without_fallbacks_only_the_first_is_tried():
    first = {"allow_fallbacks": False}
    assert names(planned(preferences=first | {"order": ("B", "C")})) == ["B"]
    assert names(planned(preferences=first | {"sort": "price"})) == ["A"]
    assert len(names(planned(preferences=first))) == 1


def test_sort_by_price_switches_the_drawing_off():
    assert set(orders(count=100, preferences={"sort": "price"})) == {"ABC"}


def test_only_and_ignore():
    assert names(planned(preferences={"only": ("B",)})) == ["B"]
    assert set(names(planned(preferences={"ignore": ("b",)}))) == {"A", "C"}
    assert names(planned(preferences={"only": ("A", "B"), "ignore": ("A",)})) == ["B"]


@pytest.mark.parametrize("key", ["order", "only", "ignore"])
def test_an_unknown_provider_is_400_with_the_field_and_the_known_ones(key):
    with pytest.raises(BadRequest, match=r"'Nobody' is not a provider.*A, B, C") as refused:
        planned(preferences={key: ("A", "Nobody")})
    assert refused.value.metadata == {"field": f"provider.{key}"}


# --- Models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nobody/nothing", "nitro", ":nitro", "", "a:b:nitro"])
@pytest.mark.parametrize("field", ["model", "models"])
def test_an_unknown_model_is_400(name, field):
    request = chat_request(model=name, models=()) if field == "model" else None
    request = request or chat_request(models=(name,))
    with pytest.raises(BadRequest, match="is not a valid model ID") as refused:
        planned(request=request, caller=Caller(default_model=name))
    assert refused.value.metadata == {"field": "model"}


def test_a_media_model_is_400_with_the_way_to_use_it():
    known = catalog(model(A, id="openai/shap-e", kind="media"))
    with pytest.raises(BadRequest, match="/api/v1/objects/generations"):
        planned(known, chat_request(model="openai/shap-e"))


def test_default_model_is_used_when_none_is_named():
    assert planned(request=chat_request(model=None)).requested == (LLAMA,)


def test_suffixes_sort_where_the_catalog_has_no_such_row():
    for suffix in ("nitro", "floor"):
        rng = Random(3)
        request = chat_request(model=f"{LLAMA}:{suffix}")
        for _ in range(50):
            assert names(planned(request=request, rng=rng)) == ["A", "B", "C"]
    row = model(endpoint(9, "Fast"), id=f"{LLAMA}:nitro")
    request = chat_request(model=f"{LLAMA}:nitro")
    assert names(planned(catalog(model(A, B), row), request)) == ["Fast"]


def test_online_is_400_and_names_the_remedy():
    with pytest.raises(BadRequest, match=f"Ask for {LLAMA}") as refused:
        planned(request=chat_request(model=f"{LLAMA}:online"))
    assert refused.value.metadata == {"field": "model"}


def test_listed_models_follow_in_order():
    known = catalog(*(model(A, B, id=id) for id in ("x/1", "x/2", "x/3")))
    for request, ids in (
        (chat_request(model="x/2", models=("x/3", "x/1")), ["x/2", "x/3", "x/1"]),
        (chat_request(model=None, models=("x/3", "x/1")), ["x/3", "x/1"]),
        (chat_request(model="x/2", models=("x/2", "x/1")), ["x/2", "x/1"]),
        (chat_request(model="x/2", models=("x/1", "x/2:floor")), ["x/2", "x/1"]),
    ):
        assert [route.model.id for route in planned(known, request).routes] == ids


def test_a_model_nobody_serves_is_passed_over_when_another_is():
    known = catalog(model(id="x/1"), model(A, id="x/2"))
    routes = planned(known, chat_request(model="x/1", models=("x/2",))).routes
    assert [route.model.id for route in routes] == ["x/2"]


def test_a_router_stands_for_its_candidates():
    router = model(id="openrouter/auto", kind="router", routes_to=("x/2", "gone/model", "x/1"))
    known = catalog(router, model(A, id="x/1"), model(B, id="x/2"))
    request = chat_request(model="openrouter/auto")
    # The prompt is easy, so the cheaper one is first (routing.auto).
    assert [route.model.id for route in planned(known, request).routes] == ["x/1", "x/2"]
    request = chat_request(model="x/2", models=("openrouter/auto",))
    assert [route.model.id for route in planned(known, request).routes] == ["x/2", "x/1"]


def priced(id, prompt, completion, by="A", **fields):
    one = endpoint(hash(id) % 1000, by, prompt, completion, model_id=id)
    return model(one, id=id, **({"hugging_face_id": id} | fields))


def test_route_fallback_alone_adds_the_dearest_open_model_at_or_below_the_price():
    primary = priced("openai/gpt", 10, 20, hugging_face_id=None)
    right = priced("open/right", 10, 19)
    wrong = [
        priced("open/cheaper", 9, 19),
        priced("open/dear-prompt", 11, 1),
        priced("open/dear-completion", 1, 21),
        priced("closed/model", 10, 20, hugging_face_id=None),
        priced("open/base", 10, 20, kind="base"),
        priced("open/variant:free", 10, 20, variant="free"),
        model(id="open/nobody-serves", hugging_face_id="x", prices=primary.prices),
    ]
    request = chat_request(model="openai/gpt", route="fallback")
    for models in ([primary, right, *wrong], [*wrong, right, primary]):
        assert planned(catalog(*models), request).requested == ("openai/gpt", "open/right")
    assert planned(catalog(primary, *wrong[1:]), request).requested == ("openai/gpt",)
    listed = chat_request(model="openai/gpt", models=("open/cheaper",), route="fallback")
    known = catalog(primary, right, *wrong)
    assert planned(known, listed).requested == ("openai/gpt", "open/cheaper")
    assert planned(known, chat_request(model="openai/gpt")).requested == ("openai/gpt",)


def test_route_fallback_keeps_what_the_model_can_see():
    primary = priced("openai/gpt", 10, 20, input_modalities=("text", "image"))
    blind = priced("open/blind", 10, 20)
    seeing = priced("open/seeing", 1, 2, input_modalities=("text", "image"))
    request = chat_request(model="openai/gpt", route="fallback")
    assert planned(catalog(primary, blind), request).requested == ("openai/gpt",)
    assert planned(catalog(primary, blind, seeing), request).requested[1:] == ("open/seeing",)


def test_nobody_who_serves_is_503():
    with pytest.raises(Unavailable, match="nobody serves it"):
        planned(catalog(model()))
