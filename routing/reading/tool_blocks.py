"""How a block of tool calls begins and ends. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

FENCE = re.compile(r"```[ \t]*(?:yaml|yml|json|tool_calls?|tool_code)?[ \t]*\r?\n", re.IGNORECASE)
FENCE_END = re.compile(r"^ {0,3}```[ \t]{0,30}\r?$", re.MULTILINE)
# More than a fence has in its line.
FENCE_LINE_MAX = 40
# A line that can be no part of unfenced YAML, in which all but items is indented.
BLOCK_END = re.compile(r"\n(?=[^\s\-#])")


def openers(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """How a block of calls begins, without its spaces: anywhere, and in a fence."""
    wrapped = ["tool_calls:", "tool_call:", '{"tool_calls":', '{"tool_call":']
    json = [f'{{"name":"{name}"' for name in names]
    yaml = [f"name:{quote}{name}" for name in names for quote in ("", '"', "'")]
    anywhere = [*wrapped, *json, *(f"[{opener}" for opener in json)]
    return anywhere, [*anywhere, *yaml, *(f"-{opener}" for opener in yaml)]


def begins(words: str, candidates: Sequence[str]) -> str | None:
    """Which opener the words begin with, whatever spaces are between; "" for none, None while they
    may still come to one."""
    most = 4 * max(map(len, candidates))
    compact = "".join(words[:most].split())
    may = False
    for opener in candidates:
        if compact.startswith(opener):
            return opener
        may = may or opener.startswith(compact)
    return None if may and len(words) < most else ""
