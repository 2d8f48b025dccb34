from __future__ import annotations

import sys
from pathlib import Path

import pytest

from billing import limits
from catalog import live
from routing import statistics

for folder in ("activity", "rankings"):
    sys.path.append(str(Path(__file__).parent.parent / folder))


@pytest.fixture(autouse=True)
def no_requests_of_another_test():
    """Accounts of rolled back tests have the same ids."""
    limits.forget()


@pytest.fixture(autouse=True)
def no_catalog_of_another_test():
    live.forget()
    statistics.forget()
    yield
    live.forget()
    statistics.forget()
