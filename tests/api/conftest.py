from __future__ import annotations

import pytest

from billing import limits
from catalog import live
from routing import statistics


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
