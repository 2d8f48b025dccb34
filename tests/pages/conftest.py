from __future__ import annotations

import pytest

from billing import limits
from catalog import live


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    """Accounts of rolled back tests have the same ids, and their catalog is gone."""
    limits.forget()
    live.forget()
    yield
    live.forget()
