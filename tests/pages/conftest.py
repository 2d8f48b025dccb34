from __future__ import annotations

import sys
from pathlib import Path

import pytest

from billing import limits
from catalog import live
from pages import figures

sys.path.append(str(Path(__file__).parent.parent / "api"))


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    """Accounts of rolled back tests have the same ids, and their catalog is gone."""
    limits.forget()
    live.forget()
    figures.forget()
    yield
    live.forget()
    figures.forget()
