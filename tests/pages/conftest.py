from __future__ import annotations

import sys
from pathlib import Path

import pytest

from catalog import live
from pages import figures

sys.path.append(str(Path(__file__).parent.parent / "api"))


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    live.forget()
    figures.forget()
    yield
    live.forget()
    figures.forget()
