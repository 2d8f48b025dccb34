from __future__ import annotations

import sys
from pathlib import Path

import pytest

from billing import limits
from catalog import live

for folder in ("api", "billing"):
    sys.path.append(str(Path(__file__).parent.parent / folder))


def forget():
    limits.forget()
    live.forget()


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    """Accounts of rolled back tests have the same ids, and their catalog is gone."""
    forget()
    yield
    forget()
