from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity.histogram import EDGES_MS, LARGEST_MS, bucket_of, percentile_ms


@pytest.mark.parametrize("bucket", [0, 1, 19, 20, 75, len(EDGES_MS) - 1])
def test_a_bucket_ends_with_its_edge(bucket):
    assert bucket_of(EDGES_MS[bucket]) == bucket
    assert bucket_of(EDGES_MS[bucket] + 1) == bucket + 1


@given(st.lists(st.integers(0, LARGEST_MS), min_size=1, max_size=60), st.sampled_from([50, 95]))
def test_a_percentile_is_within_five_percent(samples, percent):
    counts = {}
    for ms in samples:
        counts[bucket_of(ms)] = counts.get(bucket_of(ms), 0) + 1
    exact = sorted(samples)[-(-len(samples) * percent // 100) - 1]
    assert abs(percentile_ms(counts, percent) - exact) <= 0.05 * exact


def test_milliseconds_of_fast_answers_are_exact():
    assert percentile_ms({bucket_of(7): 3}, 50) == 7
    assert percentile_ms({0: 1}, 95) == 0


def test_nothing_has_no_percentile():
    assert percentile_ms({}, 50) is None


def test_what_is_longer_than_anything_is_in_the_last_bucket():
    assert percentile_ms({bucket_of(2**31 - 1): 1}, 50) == EDGES_MS[-1] >= LARGEST_MS
