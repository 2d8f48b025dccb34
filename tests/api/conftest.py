from __future__ import annotations

import pytest

from catalog import live


@pytest.fixture(autouse=True)
def no_catalog_of_another_test():
    live.forget()
    yield
    live.forget()
