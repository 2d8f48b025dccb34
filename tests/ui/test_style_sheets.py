"""Style sheets that import others."""

from __future__ import annotations

import re
from pathlib import Path

CSS = Path(__file__).resolve().parent.parent.parent / "static" / "css"


def lines_of(name):
    """Without comments, and without the rules of single pages."""
    text = re.sub(r"/\*.*?\*/", "", (CSS / name).read_text(), flags=re.DOTALL)
    return [line for line in text.split("\n") if line and "layer(pages)" not in line]


def test_the_core_is_all_that_every_page_shares():
    assert lines_of("core.css") == lines_of("app.css")
    assert "layer(pages)" not in (CSS / "core.css").read_text()
