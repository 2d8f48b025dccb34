"""Whatever is asked and whoever serves: each fitting endpoint once, and no other."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from routing_builders import Caller, catalog, chat_request, endpoint, model, provider, size

from openrouter_site.errors import BadRequest, Unavailable
from routing.health import Health
from routing.plan import plan
from routing.preferences import MaxPrice, ProviderPreferences

NAMES = ["A", "B", "C", "D"]
PROVIDERS = st.builds(
    provider,
    st.sampled_from(NAMES),
    may_train=st.booleans(),
    retains_prompts=st.booleans(),
    served_at=st.sampled_from(["https://x.example", "https://x.example", None]),
)
ENDPOINTS = st.builds(
    endpoint,
    by=PROVIDERS,
    prompt=st.integers(0, 3),
    completion=st.integers(0, 3),
    context_length=st.sampled_from([50, 8192]),
    quantization=st.sampled_from([None, "int4", "fp8"]),
    supported_parameters=st.sets(st.sampled_from(["tools", "seed"])).map(frozenset),
)
SOME = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple)
PRICE = st.none() | st.integers(0, 3)
PREFERENCES = st.builds(
    ProviderPreferences,
    allow_fallbacks=st.booleans(),
    require_parameters=st.booleans(),
    data_collection=st.sampled_from(["allow", "deny"]),
    order=SOME,
    only=SOME,
    ignore=SOME,
    quantizations=st.sampled_from([(), ("int4",), ("fp8", "unknown")]),
    sort=st.sampled_from([None, "price", "throughput"]),
    max_price=st.builds(MaxPrice, prompt_pico=PRICE, completion_pico=PRICE),
    zdr=st.booleans(),
)


def numbered(endpoints):
    """One endpoint for each provider, with ids of their own."""
    unique = {each.provider.slug: each for each in endpoints}
    fields = ("provider", "context_length", "quantization", "supported_parameters", "prices")
    return [
        endpoint(id, **{name: getattr(each, name) for name in fields})
        for id, each in enumerate(unique.values(), start=1)
    ]


def forbidden(one, wanted, caller):
    prices, most = one.prices, wanted.max_price
    name = one.provider.name
    return any(
        (
            one.provider.served_at is None,
            wanted.order and name not in wanted.order,
            wanted.only and name not in wanted.only,
            name in wanted.ignore,
            one.provider.may_train
            and (wanted.data_collection == "deny" or not caller.allow_training),
            one.provider.retains_prompts and (wanted.zdr or not caller.allow_retention),
            wanted.quantizations and (one.quantization or "unknown") not in wanted.quantizations,
            most.prompt_pico is not None and prices.prompt_pico > most.prompt_pico,
            most.completion_pico is not None and prices.completion_pico > most.completion_pico,
            wanted.require_parameters and "seed" not in one.supported_parameters,
            one.context_length <= 100,
        )
    )


def tried(endpoints, wanted, caller, seed=0):
    """Ids in order; () when nobody fits."""
    known = [model(*endpoints), model(*(endpoint(90 + i, n) for i, n in enumerate(NAMES)), id="x")]
    request = chat_request(parameters={"seed": 1}, provider=wanted, transforms=())
    try:
        found = plan(request, caller, catalog(*known), Health(), Random(seed), size=size())
    except (Unavailable, BadRequest):
        return ()
    return tuple(each.id for each in found.routes[0].endpoints)


LISTS = st.lists(ENDPOINTS, min_size=1, max_size=4).map(numbered)


@given(LISTS, PREFERENCES, st.booleans(), st.booleans(), st.integers(0, 99))
def test_each_fitting_endpoint_is_there_once_and_no_other(
    endpoints, wanted, training, retention, seed
):
    caller = Caller(allow_training=training, allow_retention=retention)
    ids = tried(endpoints, wanted, caller, seed)
    fitting = {each.id for each in endpoints if not forbidden(each, wanted, caller)}
    assert len(ids) == len(set(ids))
    if wanted.allow_fallbacks:
        assert set(ids) == fitting
    else:
        assert len(ids) == min(1, len(fitting)) and set(ids) <= fitting
    assert ids == tried(endpoints, wanted, caller, seed)


@given(LISTS, PREFERENCES, SOME.filter(bool))
def test_a_restriction_never_adds_anybody(endpoints, wanted, names):
    open_to = {
        name: getattr(wanted, name) for name in wanted.__dataclass_fields__ if name != "only"
    } | {"allow_fallbacks": True}
    free = tried(endpoints, ProviderPreferences(**open_to), Caller())
    restricted = tried(endpoints, ProviderPreferences(**open_to, only=names), Caller())
    assert set(restricted) <= set(free)
