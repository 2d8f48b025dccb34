"""When limits count anew: each UTC day, week or month."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.periods import begin_of, next_begin


@pytest.mark.parametrize(
    ("period", "now", "begin", "following"),
    [("daily", datetime(2024, 2, 28, 23, 59, tzinfo=UTC), (2024, 2, 28), (2024, 2, 29)),
     ("weekly", datetime(2024, 12, 31, tzinfo=UTC), (2024, 12, 30), (2025, 1, 6)),
     ("weekly", datetime(2024, 5, 13, tzinfo=UTC), (2024, 5, 13), (2024, 5, 20)),
     ("monthly", datetime(2024, 1, 31, 12, tzinfo=UTC), (2024, 1, 1), (2024, 2, 1)),
     ("monthly", datetime(2024, 12, 5, tzinfo=UTC), (2024, 12, 1), (2025, 1, 1))],
)  # fmt: skip
def test_periods_begin_at_midnight(period, now, begin, following):
    assert begin_of(period, now) == datetime(*begin, tzinfo=UTC)
    assert next_begin(period, now) == datetime(*following, tzinfo=UTC)


def test_what_never_resets_has_no_next_begin():
    assert next_begin("", datetime(2024, 5, 13, tzinfo=UTC)) is None
