"""A caller's own keys in the plan: which way comes first, and what it can cost."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import (
    MICRO,
    Caller,
    catalog,
    chat_request,
    endpoint,
    model,
    provider,
    size,
)

from catalog.snapshot import WHOLE_BP, Prices
from openrouter_site.errors import Unavailable
from routing.chunk import Failure
from routing.health import Health
from routing.ordering import odds
from routing.own_keys import ways
from routing.plan import plan
from routing.preferences import ProviderPreferences
from routing.pricing import (
    affordable_tokens,
    charged_nano,
    hold_bounds,
    worst_nano,
)
from routing.prospects import may_help


@dataclass
class OwnKey:
    id: str


@dataclass
class Own:
    before: tuple = ()
    after: tuple = ()
    never_fall_back: bool = False


def own(before=0, after=0, never_fall_back=False):
    made = [OwnKey(f"own:{number}:0") for number in range(before + after)]
    return Own(tuple(made[:before]), tuple(made[before:]), never_fall_back)


def at(name, **fields):
    return provider(name, own_address=f"https://own.{name.lower()}.example", **fields)


A, B, C = (endpoint(n, at(name), n * MICRO, n * MICRO) for n, name in enumerate("ABC", start=1))
UNSERVED = endpoint(4, at("D", served_at=None), MICRO, MICRO)


def planned(keys, endpoints=(A, B, C), *, unstable=(), fee_bp=0, seed=1, **preferences):
    health = Health()
    for id in unstable:
        health.failed(id)
    request = chat_request(provider=ProviderPreferences(**preferences))
    return plan(
        request, Caller(own_providers=keys), catalog(model(*endpoints)), health, Random(seed),
        size=size(), own_fee_bp=fee_bp,
    )  # fmt: skip


def shown(routes):
    """Lower case: with the caller's own key."""
    return "".join(
        each.provider.name.lower() if each.is_own else each.provider.name
        for each in routes.routes[0].endpoints
    )


# --- Order ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_key_before_ours_comes_first_and_ours_there_follows(seed):
    assert shown(planned({"c": own(1)}, seed=seed)).startswith("cC")
    assert sorted(shown(planned({"c": own(1)}, seed=seed))) == sorted("cCAB")


@pytest.mark.parametrize("preferences", [{"sort": "price"}, {"order": ("A", "B", "C")}])
def test_whatever_order_and_sort_say(preferences):
    assert shown(planned({"c": own(1)}, **preferences)) == "cCAB"


def test_not_while_its_endpoint_is_unstable():
    assert shown(planned({"c": own(1)}, unstable=[-3], sort="price")) == "ABcC"
    # What troubles ours is another matter.
    assert shown(planned({"c": own(1)}, unstable=[3], sort="price")) == "cCAB"


def test_several_of_them_among_themselves_as_without_keys():
    keys = {"c": own(1), "b": own(1)}
    assert shown(planned(keys, sort="price")) == "bBcCA"


def test_a_key_after_ours_follows_ours_there():
    assert shown(planned({"b": own(after=1)}, sort="price")) == "ABbC"
    assert shown(planned({"b": own(before=1, after=1)}, sort="price")) == "bBbAC"


def test_never_fall_back_leaves_ours_out():
    assert shown(planned({"b": own(1, never_fall_back=True)}, sort="price")) == "bAC"
    only = planned({"b": own(1, 1, never_fall_back=True)}, only=("B",)).routes[0].endpoints
    assert only[0].provider.credential_ids == ("own:0:0", "own:1:0") and len(only) == 1


def test_who_is_not_served_by_us_is_served_with_the_own_key():
    assert shown(planned({"d": own(1)}, (A, UNSERVED), sort="price")) == "dA"
    assert shown(planned({"d": own(after=1)}, (A, UNSERVED), sort="price")) == "Ad"
    assert shown(planned({}, (A, UNSERVED))) == "A"


def test_a_key_that_cannot_be_used_and_shall_not_be_replaced_drops_the_provider():
    homeless = endpoint(5, provider("E", own_address=None))
    assert shown(planned({"e": own(1)}, (A, homeless), sort="price")) == "AE"
    plan = planned({"e": own(1, never_fall_back=True)}, (A, homeless))
    assert shown(plan) == "A" and plan.dropped[0].reason == "own keys only"
    with pytest.raises(Unavailable) as nobody:
        planned({"e": own(1, never_fall_back=True)}, (homeless,))
    assert "never_fall_back" in nobody.value.metadata["remedy_hint"]


def test_without_fallbacks_the_first_provider_has_all_its_ways():
    assert shown(planned({"c": own(1)}, allow_fallbacks=False)) == "cC"
    assert shown(planned({"a": own(after=1)}, allow_fallbacks=False)) == "Aa"


def test_other_rules_hold_for_own_keys_too():
    """Data policies come before own keys (openrouter-today 2.2)."""
    trains = endpoint(6, at("F", may_train=True))
    assert shown(planned({"f": own(1)}, (A, trains), data_collection="deny")) == "A"
    assert shown(planned({"c": own(1)}, ignore=("C",), sort="price")) == "AB"


def test_the_odds_are_those_of_the_draw():
    routes = planned({"c": own(1), "b": own(1)})
    endpoints = routes.routes[0].endpoints
    shares = dict(zip(shown(routes), odds(endpoints, routes.choice), strict=True))
    assert shares["b"] == pytest.approx(0.6) and shares["c"] == pytest.approx(0.4)
    assert shares["A"] == shares["B"] == shares["C"] == 0


def test_pooled_models_keep_the_own_key_first():
    other = endpoint(7, at("G"), MICRO // 2, MICRO // 2, model_id="other/model")
    request = chat_request(
        models=("other/model",), provider=ProviderPreferences(sort_partition="none", sort="price")
    )
    routes = plan(
        request, Caller(own_providers={"c": own(1)}),
        catalog(model(A, C), model(other, id="other/model")), Health(), Random(1), size=size(),
    ).routes  # fmt: skip
    assert [each.provider.name for route in routes for each in route.endpoints] == list("CCGA")


# --- Where it goes -------------------------------------------------------------------------------


def test_an_own_key_goes_to_the_providers_own_address_and_ours_does_not():
    stand_in = endpoint(1, at("A", served_at="http://stand-in.example/a", credential_ids=("a:1",)))
    mine, ours = ways(stand_in, {"a": own(1)}, 0)
    assert mine.provider.served_at == "https://own.a.example"
    assert mine.provider.credential_ids == ("own:0:0",)
    assert ours is stand_in and ours.provider.credential_ids == ("a:1",)
    assert (mine.id, mine.is_own, ours.is_own) == (-1, True, False)


def test_what_is_charged_there_is_the_list_price():
    discounted = endpoint(1, at("A"), list_prices=Prices(9 * MICRO, 9 * MICRO))
    mine, ours = ways(discounted, {"a": own(1)}, 500)
    assert mine.prices == Prices(9 * MICRO, 9 * MICRO) and ours.prices == Prices(MICRO, MICRO)
    assert (mine.charged_bp, ours.charged_bp) == (500, WHOLE_BP)


# --- Failing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "helps"), [(401, True), (429, True), (404, True), (503, False)])
def test_ours_is_tried_where_the_key_may_be_at_fault(status, helps):
    same = endpoint(1, at("A", served_at="https://own.a.example"))
    mine, ours = ways(same, {"a": own(1)}, 0)
    assert may_help(ours, [(Failure(status, "no"), mine)]) is helps
    # At another address somebody else answers.
    mine, ours = ways(A, {"a": own(1)}, 0)
    assert may_help(ours, [(Failure(status, "no"), mine)])


# --- Money ---------------------------------------------------------------------------------------


def test_the_dearest_way_is_held():
    mine, ours = ways(A, {"a": own(1)}, 100)
    assert hold_bounds(size(max_tokens=50), [mine, ours])[0] == worst_nano(
        size(max_tokens=50), ours
    )
    (alone,) = ways(A, {"a": own(1, never_fall_back=True)}, 0)
    assert hold_bounds(size(max_tokens=50), [alone]) == (0, 0)
    assert affordable_tokens(size(), alone, 0) > 0


@pytest.mark.parametrize(("cost_nano", "fee_nano"), [(19, 0), (20, 1), (59, 1), (60, 2), (61, 2)])
def test_a_fee_is_rounded_half_up(cost_nano, fee_nano):
    (mine,) = ways(A, {"a": own(1, never_fall_back=True)}, 250)
    assert charged_nano(cost_nano, mine) == fee_nano
    assert charged_nano(cost_nano, A) == cost_nano


@given(
    fee_bp=st.integers(0, WHOLE_BP),
    price=st.integers(0, 10**9),
    request=st.integers(0, 10**12),
    granted=st.integers(0, 10**10),
    tokens=st.integers(0, 4096),
)
def test_no_fee_exceeds_what_was_held_for_it(fee_bp, price, request, granted, tokens):
    sized = size(max_tokens=4096)
    (mine,) = ways(
        endpoint(1, at("A"), price, price, request=request), {"a": own(1, never_fall_back=True)},
        fee_bp,
    )  # fmt: skip
    amount, _ = hold_bounds(sized, [mine])
    worst = worst_nano(sized, mine, tokens)
    assert worst <= amount
    pico = (sized.prompt_ceiling + tokens) * price + request
    assert charged_nano((pico + 500) // 1000, mine) <= worst
    affordable = affordable_tokens(sized, mine, granted)
    if affordable and price and fee_bp:
        assert worst_nano(sized, mine, affordable) <= granted
