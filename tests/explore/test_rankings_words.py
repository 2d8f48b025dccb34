"""How spans and changes are written; what an address asks for."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explore.rankings_query import Asked
from explore.rankings_words import written_change, written_span
from rankings.spans import Span


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-11-25", "2026-11-25", "25 Nov 2026"),
        ("2026-11-19", "2026-11-25", "19 – 25 Nov 2026"),
        ("2026-10-29", "2026-11-04", "29 Oct – 4 Nov 2026"),
        ("2025-12-28", "2026-01-03", "28 Dec 2025 – 3 Jan 2026"),
    ],
)
def test_a_span_is_written_without_repeating_itself(first, last, text):
    assert written_span(Span(date.fromisoformat(first), date.fromisoformat(last))) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (5, 0, "new"), (112, 100, "+12%"), (92, 100, "-8%"), (100, 100, "0%"),
        (10_001, 10_000, "0%"), (999, 100, "+899%"), (1000, 100, "×10"), (140_000, 1, "×140,000"),
        (0, 10, "-100%"),
    ],
)  # fmt: skip
def test_a_change_is_written_as_people_say_it(now, before, text):
    assert written_change(now, before) == text


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["view", "by", "apps", "all", "x"]),
        st.sampled_from(["day", "week", "month", "author", "trending", "1", "", "<b>"]) | st.text(),
    )
)
def test_every_address_is_one_of_ours(query):
    asked = Asked.read(query)
    again = dict(part.split("=") for part in asked.address()[1:].split("&") if part)
    assert Asked.read(again) == asked
    assert not set(asked.address()) & set("<>\"'")
