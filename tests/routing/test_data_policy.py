"""What a data policy leaves of a catalog: the page promises what the plan does."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import Caller, catalog, chat_request, endpoint, model, provider, size

from openrouter_site.errors import Unavailable
from routing.data_policy import ANYTHING, RETENTION, TRAINING, Wish, as_preferences, effect
from routing.health import Health
from routing.plan import plan
from routing.preferences import parse_preferences

CLEAN = provider("Clean")
TRAINS = provider("Trains", may_train=True)
KEEPS = provider("Keeps", retains_prompts=True)
BOTH = provider("Both", may_train=True, retains_prompts=True)
OURS = [
    model(endpoint(1, CLEAN), endpoint(2, BOTH), id="a/everywhere"),
    model(endpoint(3, TRAINS), id="a/trained-on"),
    model(endpoint(4, KEEPS), id="a/kept"),
]


def told(found):
    return (
        [each.id for each in found.lost],
        {each.provider.name: each.reasons for each in found.dropped},
    )


def test_without_a_policy_everything_stays():
    found = effect(catalog(*OURS), ANYTHING)
    assert (found.models_kept, found.models_total) == (3, 3)
    assert told(found) == ([], {})


def test_each_switch_drops_its_providers_and_the_models_that_nobody_else_serves():
    found = effect(catalog(*OURS), Wish(allow_training=False))
    assert (found.models_kept, found.models_total) == (2, 3)
    assert told(found) == (["a/trained-on"], {"Both": (TRAINING,), "Trains": (TRAINING,)})
    found = effect(catalog(*OURS), Wish(allow_retention=False))
    assert told(found) == (["a/kept"], {"Both": (RETENTION,), "Keeps": (RETENTION,)})
    found = effect(catalog(*OURS), Wish(False, False, frozenset({"clean"})))
    assert found.models_kept == 0
    assert dict(told(found)[1])["Both"] == (TRAINING, RETENTION)


def test_what_nobody_serves_anyway_is_not_counted_and_not_blamed_on_the_policy():
    idle = provider("Idle", served_at=None, may_train=True)
    strange = provider("Strange", dialect="telepathy", may_train=True)
    entries = [*OURS, model(endpoint(5, idle), id="a/idle"), model(endpoint(6, strange), id="a/x")]
    found = effect(catalog(*entries), Wish(allow_training=False))
    assert found.models_total == 3
    assert told(found) == (["a/trained-on"], {"Both": (TRAINING,), "Trains": (TRAINING,)})


def test_a_provider_that_only_an_own_key_opens_counts_for_who_has_one():
    idle = provider("Idle", served_at=None, own_address="https://idle.example", may_train=True)
    entries = [*OURS, model(endpoint(5, idle), id="a/idle")]
    assert effect(catalog(*entries), ANYTHING, ()).models_total == 3
    found = effect(catalog(*entries), Wish(allow_training=False), {"idle"})
    assert found.models_total == 4
    assert told(found)[0] == ["a/idle", "a/trained-on"]


def test_a_router_stays_as_long_as_one_of_its_candidates_does():
    auto = model(id="a/auto", kind="router", routes_to=("a/trained-on", "a/kept"))
    known = catalog(*OURS, auto)
    assert told(effect(known, Wish(allow_training=False)))[0] == ["a/trained-on"]
    strict = effect(known, Wish(False, False))
    assert told(strict)[0] == ["a/auto", "a/kept", "a/trained-on"]


@pytest.mark.parametrize(
    ("policy", "preferences"),
    [
        (ANYTHING, {}),
        (Wish(allow_training=False), {"data_collection": "deny"}),
        (Wish(allow_retention=False), {"zdr": True}),
        (
            Wish(False, False, frozenset({"keeps", "both"})),
            {"data_collection": "deny", "zdr": True, "ignore": ["both", "keeps"]},
        ),
    ],
)
def test_the_policy_as_preferences_of_a_request(policy, preferences):
    assert as_preferences(policy) == preferences


def _served(known, id, **fields):
    request = chat_request(model=id, provider=parse_preferences("provider", fields.pop("as_", {})))
    try:
        found = plan(request, Caller(**fields), known, Health(), Random(1), size=size())
    except Unavailable:
        return set()
    return {each.provider.slug for each in found.routes[0].endpoints}


@given(st.booleans(), st.booleans(), st.sets(st.sampled_from(["clean", "trains", "keeps"])))
def test_preview_and_preferences_and_plan_agree(training, retention, ignored):
    policy = Wish(training, retention, frozenset(ignored))
    known = catalog(*OURS)
    lost = {each.id for each in effect(known, policy).lost}
    for entry in OURS:
        settings = {
            "allow_training": training, "allow_retention": retention,
            "ignored_providers": policy.ignored_providers,
        }  # fmt: skip
        by_account = _served(known, entry.id, **settings)
        assert (entry.id in lost) == (not by_account)
        assert by_account == _served(known, entry.id, as_=as_preferences(policy))
