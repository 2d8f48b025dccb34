from __future__ import annotations

import sys
from pathlib import Path

import pytest

from catalog import live, price_changes
from explore.listing import current
from rankings import reading
from routing import condition, endpoint_history, statistics

for folder in ("api", "routing"):
    sys.path.append(str(Path(__file__).parent.parent / folder))


def forget():
    for part in (live, price_changes, reading, condition, endpoint_history, statistics, current):
        part.forget()


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    """What was read is of rows that are rolled back."""
    forget()
    yield
    forget()
