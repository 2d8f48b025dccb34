from __future__ import annotations

import sys
from pathlib import Path

import pytest

from billing import limits
from catalog import live, price_changes
from explore.listing import current
from rankings import boards, reading
from routing import condition, endpoint_history, statistics

for folder in ("activity", "api", "rankings", "routing"):
    sys.path.append(str(Path(__file__).parent.parent / folder))


def forget():
    for part in (
        limits, live, price_changes, boards, reading, condition, endpoint_history, statistics,
        current,
    ):  # fmt: skip
        part.forget()


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    """What was read is of rows that are rolled back."""
    forget()
    yield
    forget()
