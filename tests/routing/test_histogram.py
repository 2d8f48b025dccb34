from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.histogram import ACCURACY, LARGEST, SMALLEST, Histogram

values = st.floats(SMALLEST, LARGEST)
samples = st.lists(values, min_size=1, max_size=200)
percents = st.integers(1, 100)


def histogram(samples):
    made = Histogram()
    for value in samples:
        made.add(value)
    return made


def merged(*histograms):
    total = Histogram()
    for each in histograms:
        total.merge(each)
    return total


def exact(samples, percent, highest_first=False):
    """The nearest rank."""
    rank = max(1, math.ceil(len(samples) * percent / 100))
    return sorted(samples, reverse=highest_first)[rank - 1]


@given(samples, percents, st.booleans())
def test_a_percentile_is_within_the_promised_error_of_the_exact_one(samples, percent, highest):
    found = histogram(samples).percentile(percent, highest_first=highest)
    assert found == pytest.approx(exact(samples, percent, highest), rel=ACCURACY + 1e-9)


def test_so_it_is_for_many_samples_as_they_are_in_life():
    dice = random.Random(7)
    latencies_s = [dice.lognormvariate(-1, 0.8) for _ in range(5000)]
    sketch = histogram(latencies_s)
    for percent in (50, 75, 90, 99):
        assert sketch.percentile(percent) == pytest.approx(
            exact(latencies_s, percent), rel=ACCURACY
        )
    assert len(sketch.counts) < 100


@given(samples, samples)
def test_merging_is_adding_all_samples_to_one(left, right):
    assert merged(histogram(left), histogram(right)) == histogram(left + right)
    assert merged(histogram(left), histogram(right)).total == len(left) + len(right)


@given(samples, samples, samples)
def test_merging_is_commutative_and_associative(first, second, third):
    a, b, c = histogram(first), histogram(second), histogram(third)
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@given(samples, samples)
def test_merging_leaves_what_was_merged_alone(left, right):
    a, b = histogram(left), histogram(right)
    merged(a, b).add(1.0)
    assert (a, b) == (histogram(left), histogram(right))


@given(samples)
def test_percentiles_rise_and_from_the_highest_they_fall(samples):
    made = histogram(samples)
    rising = [made.percentile(percent) for percent in range(1, 101)]
    falling = [made.percentile(percent, highest_first=True) for percent in range(1, 101)]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


@given(samples)
def test_json_keeps_it(samples):
    made = histogram(samples)
    assert Histogram.from_json(json.loads(json.dumps(made.as_json()))) == made


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_it_stays_small_and_clamps_what_is_out_of_range(samples):
    made = histogram(samples)
    # The buckets between the smallest and the largest value, and no more, whatever comes.
    assert len(made.counts) <= math.log(LARGEST / SMALLEST) / math.log(1 + 2 * ACCURACY) + 2
    lowest, highest = made.percentile(1), made.percentile(100)
    assert SMALLEST * (1 - ACCURACY) <= lowest <= highest <= LARGEST * (1 + ACCURACY)


def test_without_samples_there_is_no_percentile():
    with pytest.raises(ValueError):
        Histogram().percentile(50)
