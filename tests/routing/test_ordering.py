"""Orders other than the seed's draw: figures, thresholds, pools, odds; and the draw at large."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from routing_builders import LLAMA, MICRO, Caller, catalog, chat_request, endpoint, model, size

from routing.figures import Figures, Percentiles
from routing.health import Health
from routing.ordering import odds
from routing.plan import plan
from routing.preferences import ProviderPreferences

A, B, C = (endpoint(n, name, n * MICRO, n * MICRO) for n, name in enumerate("ABC", start=1))
ABC = catalog(model(A, B, C))
DRAWS = 100_000


def same(figure):
    return Percentiles(figure, figure, figure, figure)


def planned(known=ABC, *, request=None, measured=None, unstable=(), rng=None, **preferences):
    """`measured` are the Figures by endpoint id."""
    health = Health()
    for id in unstable:
        health.failed(id)
    fields = {"provider": ProviderPreferences(**preferences)}
    return plan(
        request or chat_request(**fields), Caller(), known, health, rng or Random(1),
        size=size(), figures=(measured or {}).get,
    )  # fmt: skip


def names(found):
    return "".join(endpoint.provider.name for route in found.routes for endpoint in route.endpoints)


def test_a_hundred_thousand_draws_have_the_weights_of_the_seed():
    """1/1, 1/2 and 1/3: 6, 3 and 2 of 11. Five standard deviations are allowed."""
    rng, health = Random(7), Health()
    request, sized = chat_request(), size()
    firsts = Counter(
        plan(request, Caller(), ABC, health, rng, size=sized).routes[0].endpoints[0].id
        for _ in range(DRAWS)
    )
    for id, share in ((1, 6 / 11), (2, 3 / 11), (3, 2 / 11)):
        deviation = (DRAWS * share * (1 - share)) ** 0.5
        assert abs(firsts[id] - DRAWS * share) < 5 * deviation


def test_odds_are_those_of_the_draw():
    found = planned()
    shares = dict(
        zip(
            (each.provider.name for each in found.routes[0].endpoints),
            odds(found.routes[0].endpoints, found.choice),
            strict=True,
        )
    )
    assert shares == pytest.approx({"A": 6 / 11, "B": 3 / 11, "C": 2 / 11})
    unstable = planned(unstable=[2])
    assert dict(
        zip(names(unstable), odds(unstable.routes[0].endpoints, unstable.choice), strict=True)
    ) == pytest.approx({"A": 3 / 4, "C": 1 / 4, "B": 0})


@pytest.mark.parametrize("preferences", [{"sort": "price"}, {"order": ("B", "A")}])
def test_a_strict_order_has_no_odds(preferences):
    found = planned(**preferences)
    assert odds(found.routes[0].endpoints, found.choice)[0] == 1
    assert sum(odds(found.routes[0].endpoints, found.choice)) == 1


MEASURED = {
    1: Figures(uptime_1d=90.0, latency_s=same(3.0), throughput=same(10.0)),
    2: Figures(uptime_1d=99.9, latency_s=same(1.0), throughput=same(20.0)),
    3: Figures(uptime_1d=95.0, latency_s=same(2.0), throughput=same(90.0)),
}


@pytest.mark.parametrize(
    ("sort", "order"),
    [("price", "ABC"), ("throughput", "CBA"), ("latency", "BCA"), ("exacto", "BCA")],
)
def test_sort_is_by_the_figures_of_the_last_half_hour(sort, order):
    assert names(planned(sort=sort, measured=MEASURED)) == order


@pytest.mark.parametrize("sort", ["throughput", "latency", "exacto"])
def test_who_was_never_measured_is_last_and_then_by_price(sort):
    assert names(planned(sort=sort, measured={3: MEASURED[3]})) == "CAB"
    assert names(planned(sort=sort, measured={3: MEASURED[3], 2: Figures()})) == "CAB"


@pytest.mark.parametrize(("suffix", "order"), [("nitro", "CBA"), ("floor", "ABC")])
def test_a_suffix_without_a_row_is_a_sort(suffix, order):
    request = chat_request(model=f"{LLAMA}:{suffix}")
    assert names(planned(request=request, measured=MEASURED)) == order


def test_sort_is_strict_whatever_the_health():
    assert names(planned(sort="price", unstable=[1])) == "ABC"


FAST = {
    1: Figures(throughput_5m=Percentiles(60, 50, 40, 30), latency_5m_s=Percentiles(1, 2, 3, 4)),
    2: Figures(throughput_5m=Percentiles(160, 150, 140, 130)),
}


@pytest.mark.parametrize(
    ("preferences", "last"),
    [
        ({"preferred_min_throughput": (("p50", 61.0),)}, "A"),
        ({"preferred_min_throughput": (("p50", 60.0), ("p99", 31.0))}, "A"),
        ({"preferred_max_latency": (("p90", 2.9),)}, "A"),
        ({"preferred_min_throughput": (("p50", 999.0),)}, "AB"),
    ],
)
def test_who_misses_a_threshold_comes_after_those_who_do_not(preferences, last):
    """C was not measured, so nobody can say that it is slow."""
    for seed in range(20):
        order = names(planned(measured=FAST, rng=Random(seed), **preferences))
        assert set(order[3 - len(last) :]) == set(last)
        assert set(order) == set("ABC")


def test_thresholds_move_nobody_behind_an_unstable_one():
    found = planned(measured=FAST, unstable=[2, 3], preferred_min_throughput=(("p50", 999.0),))
    assert names(found)[0] == "A"


def test_thresholds_hold_for_a_sort_too():
    order = names(planned(sort="price", measured=FAST, preferred_min_throughput=(("p50", 100.0),)))
    assert order == "BCA"


def test_without_fallbacks_the_cheapest_is_the_only_one():
    """Seed, Disabling Fallbacks: the top (lowest-cost) provider, and its error if it is down."""
    for seed in range(10):
        assert names(planned(rng=Random(seed), unstable=[1], allow_fallbacks=False)) == "A"


OTHER = model(
    *(endpoint(10 + n, name, n * MICRO // 2, n * MICRO // 2) for n, name in ((1, "X"), (5, "Y"))),
    id="other/model",
)


def test_without_partition_the_endpoints_of_all_models_are_one_list():
    """Prices: X 0.5, A 1, B 2, Y 2.5, C 3."""
    known = catalog(model(A, B, C), OTHER)
    request = chat_request(
        model=LLAMA,
        models=("other/model",),
        provider=ProviderPreferences(sort="price", sort_partition="none"),
    )
    found = planned(known, request=request)
    assert names(found) == "XABYC"
    assert [route.model.id for route in found.routes] == [
        "other/model",
        LLAMA,
        "other/model",
        LLAMA,
    ]
    within = chat_request(
        model=LLAMA, models=("other/model",), provider=ProviderPreferences(sort="price")
    )
    assert names(planned(known, request=within)) == "ABCXY"
