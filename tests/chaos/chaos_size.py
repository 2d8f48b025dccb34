"""How much: a little in the ordinary suite, much in `make chaos` (CHAOS=1)."""

from __future__ import annotations

import os

IS_LARGE = os.environ.get("CHAOS") == "1"


def sized(small, large):
    return large if IS_LARGE else small
