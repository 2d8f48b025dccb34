"""What a request may cost, and did: the hold covers the charge, whatever the figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_builders import endpoint, size

from catalog.snapshot import Prices
from routing.chunk import Usage
from routing.pricing import (
    COMPLETION_TOKENS_DEFAULT,
    COMPLETION_TOKENS_MINIMUM,
    COMPLETION_TOKENS_TYPICAL,
    affordable_tokens,
    completion_limit,
    fixed_ceiling_nano,
    hold_bounds,
    typical_pico,
    usage_cost_nano,
    worst_nano,
)

PICO = st.integers(0, 10**9)
ENDPOINTS = st.builds(
    endpoint,
    prompt=PICO,
    completion=PICO,
    image=st.integers(0, 10**11),
    request=st.integers(0, 10**11),
    context_length=st.integers(1, 200_000),
    max_completion_tokens=st.none() | st.integers(1, 100_000),
)
SIZES = st.builds(
    lambda tokens, margin, images, max_tokens: size(tokens, tokens + margin, images, max_tokens),
    st.integers(1, 200_000),
    st.integers(0, 50_000),
    st.integers(0, 8),
    st.none() | st.integers(1, 10**6),
)


@given(SIZES, st.lists(ENDPOINTS, min_size=1, max_size=4), st.data())
def test_no_charge_is_above_what_was_granted(size, endpoints, data):
    amount, minimum = hold_bounds(size, endpoints)
    granted = data.draw(st.integers(minimum, amount))
    for each in endpoints:
        usage = Usage(
            prompt_tokens=data.draw(st.integers(0, size.prompt_ceiling)),
            completion_tokens=data.draw(st.integers(0, affordable_tokens(size, each, granted))),
        )
        assert usage_cost_nano(usage, each.prices, images=size.images) <= granted


@given(SIZES, st.lists(ENDPOINTS, min_size=1, max_size=4), st.data())
def test_every_grant_pays_for_an_answer(size, endpoints, data):
    amount, minimum = hold_bounds(size, endpoints)
    assert 0 <= minimum <= amount
    if size.max_tokens is not None:
        assert minimum == amount
    granted = data.draw(st.integers(minimum, amount))
    for each in endpoints:
        limit = completion_limit(size, each)
        least = limit if size.max_tokens is not None else min(limit, COMPLETION_TOKENS_MINIMUM)
        assert least <= affordable_tokens(size, each, granted) <= limit
        assert affordable_tokens(size, each, amount) == limit


@given(SIZES, ENDPOINTS, st.integers(0, 10**13), st.integers(0, 10**12))
def test_more_money_never_affords_a_shorter_answer(size, endpoint, granted, more):
    tokens = affordable_tokens(size, endpoint, granted)
    assert tokens <= affordable_tokens(size, endpoint, granted + more)
    if fixed_ceiling_nano(size, endpoint.prices) <= granted:
        assert worst_nano(size, endpoint, tokens) <= granted
    if endpoint.prices.completion_pico and tokens < completion_limit(size, endpoint):
        assert worst_nano(size, endpoint, tokens + 1) > granted


def test_nothing_is_affordable_when_the_prompt_is_not():
    assert affordable_tokens(size(1000), endpoint(), 0) == 0
    assert affordable_tokens(size(1000), endpoint(), 10**6) == 0


@given(SIZES, ENDPOINTS)
def test_answer_has_at_least_a_token_and_at_most_what_is_allowed(size, endpoint):
    limit = completion_limit(size, endpoint)
    assert limit >= 1
    if size.max_tokens is not None:
        assert limit <= size.max_tokens
    if endpoint.max_completion_tokens:
        assert limit <= endpoint.max_completion_tokens


@pytest.mark.parametrize(
    ("fields", "given", "limit"),
    [
        ({"context_length": 8192}, size(100, max_tokens=50), 50),
        ({"context_length": 8192}, size(8000, max_tokens=500), 192),
        ({"context_length": 8192, "max_completion_tokens": 20}, size(100, max_tokens=50), 20),
        ({"context_length": 8192, "max_completion_tokens": 1024}, size(100), 1024),
        ({"context_length": 8192}, size(100, 200), COMPLETION_TOKENS_DEFAULT),
        ({"context_length": 100_000}, size(100, 200), 49_900),
        ({"context_length": 8192}, size(7000, 8000), 192),
        ({"context_length": 8192}, size(7000, 9000), COMPLETION_TOKENS_MINIMUM),
    ],
)
def test_length_of_an_answer(fields, given, limit):
    assert completion_limit(given, endpoint(**fields)) == limit


def test_dearest_candidate_decides_the_hold():
    cheap, dear = endpoint(1, completion=1000), endpoint(2, completion=3000)
    asked = size(100, max_tokens=50)
    assert hold_bounds(asked, [cheap, dear])[0] == worst_nano(asked, dear)
    assert hold_bounds(asked, [dear, cheap]) == hold_bounds(asked, [dear])


def test_hold_is_exactly_the_ceilings_of_its_parts():
    one = endpoint(prompt=1001, completion=2001, image=3_000_001, request=5_000_000)
    asked = size(10, 20, images=2, max_tokens=7)
    fixed = 20 * 1001 + 2 * 3_000_001 + 5_000_000
    assert worst_nano(asked, one) == -(-fixed // 1000) + -(-7 * 2001 // 1000)


def test_omitted_max_tokens_needs_only_a_short_answer():
    asked, one = size(100, 200), endpoint(prompt=1_000_000, completion=1_000_000)
    amount, minimum = hold_bounds(asked, [one])
    assert amount == (200 + COMPLETION_TOKENS_DEFAULT) * 1000
    assert minimum == (200 + COMPLETION_TOKENS_MINIMUM) * 1000


def test_free_endpoint_needs_no_money():
    asked = size(1000)
    free = endpoint(prompt=0, completion=0)
    assert hold_bounds(asked, [free]) == (0, 0)
    assert affordable_tokens(asked, free, 0) == completion_limit(asked, free) > 0
    assert usage_cost_nano(Usage(10**6, 10**6), free.prices, images=3) == 0


@pytest.mark.parametrize(
    ("usage", "prices", "images", "nano"),
    [
        (Usage(1, 1), Prices(250, 250), 0, 1),
        (Usage(1, 1), Prices(250, 249), 0, 0),
        (Usage(1, 1), Prices(499, 499), 0, 1),  # each alone would be nothing
        (Usage(3, 0), Prices(500, 0), 0, 2),  # 1.5, and not three times 1
        (Usage(0, 0), Prices(500, 500, 700, 800), 1, 2),
        (Usage(0, 0), Prices(0, 0, 0, 1500), 0, 2),
        (Usage(1000, 500), Prices(500_000, 1_500_000), 0, 1_250_000),
    ],
)
def test_charge_is_rounded_half_up_once(usage, prices, images, nano):
    assert usage_cost_nano(usage, prices, images=images) == nano


def test_estimate_for_comparison_uses_the_mix_of_this_request():
    prices = Prices(10, 20, 300, 4000)
    assert typical_pico(size(100, images=2), prices) == (
        100 * 10 + COMPLETION_TOKENS_TYPICAL * 20 + 2 * 300 + 4000
    )
    assert typical_pico(size(100, max_tokens=3), prices) == 100 * 10 + 3 * 20 + 4000
    assert typical_pico(size(100, max_tokens=10**6), prices) == typical_pico(size(100), prices)
