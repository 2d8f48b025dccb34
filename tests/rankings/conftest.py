from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rankings import boards, reading

sys.path.append(str(Path(__file__).parent.parent / "activity"))


@pytest.fixture(autouse=True)
def nothing_read_before():
    """The rows of another test are gone."""
    boards.forget()
    reading.forget()
    yield
    boards.forget()
    reading.forget()
