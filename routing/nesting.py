"""How deep JSON of a stranger nests. Pure."""

from __future__ import annotations

from typing import Any


def is_deeper(given: dict[str, Any], depth_max: int) -> bool:
    """Level by level and without recursion: what is deep must not become a deep stack."""
    level: list[Any] = [given]
    for _ in range(depth_max):
        level = [
            item
            for parent in level
            for item in (parent.values() if type(parent) is dict else parent)
            if type(item) is dict or type(item) is list
        ]
        if not level:
            return False
    return True
