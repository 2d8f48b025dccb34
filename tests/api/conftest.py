from __future__ import annotations

import pytest

from catalog import live
from routing import statistics


@pytest.fixture(autouse=True)
def no_catalog_of_another_test():
    live.forget()
    statistics.forget()
    yield
    live.forget()
    statistics.forget()
