"""Tools in words: a prompt that ends with tools as YAML, and a model that plays along.

Recognised is a fenced block with a list `tools` (name, parameters) and, behind it, the form of the
answer with `tool_calls`. A model answers with a call in that form; after the result it uses words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from simulator.ask import MARKS, Ask, text_of

_TOOLS = re.compile(r"```ya?ml\s*\n(tools:\n.*?)\n```", re.DOTALL)
_FORM = "tool_calls:"


@dataclass(frozen=True)
class Offer:
    """`ask` is the question without the tools, as if they had come beside it; `result` is what a
    tool has said, where one was called before."""

    ask: Ask
    result: str | None


def offer(ask: Ask) -> Offer | None:
    """The tools at the end of what the user said last; None where there are none."""
    place = _last_user(ask.messages)
    if place is None:
        return None
    text = text_of(ask.messages[place])
    blocks = list(_TOOLS.finditer(text))
    if not blocks or _FORM not in text[blocks[-1].end() :]:
        return None
    tools = _tools(blocks[-1][1])
    if not tools:
        return None
    before = _without_introduction(text[: blocks[-1].start()])
    was_called = _was_called(ask, place, before)
    if ask.is_text:
        before = MARKS.split(before)[-1].strip()
    messages = [*ask.messages]
    messages[place] = {**messages[place], "content": before}
    # Lines like "Result of clock (call 1):" are not part of it.
    lines = [line for line in before.splitlines() if not line.endswith(":")]
    result = "\n".join(lines) if was_called else None
    return Offer(replace(ask, messages=messages, tools=tools), result)


def written(calls: Sequence[tuple[str, Any]]) -> str:
    """The calls, by name and arguments, in the form that was asked for."""
    entries = [{"name": name, "arguments": arguments} for name, arguments in calls]
    text = yaml.safe_dump(
        {"tool_calls": entries}, sort_keys=False, allow_unicode=True, width=10_000
    )
    return f"```yaml\n{text}```"


def _last_user(messages: Sequence[Mapping[str, Any]]) -> int | None:
    places = [n for n, message in enumerate(messages) if message.get("role") == "user"]
    return places[-1] if places else None


def _tools(block: str) -> list[Mapping[str, Any]]:
    try:
        found = yaml.safe_load(block)["tools"]
    except (yaml.YAMLError, ValueError):
        return []
    tools = found if isinstance(found, list) else []
    return [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]


def _without_introduction(text: str) -> str:
    """The words before the block, without the paragraph that leads to it."""
    paragraphs = text.rstrip().split("\n\n")
    if paragraphs[-1].endswith(":") and "\n" not in paragraphs[-1]:
        paragraphs.pop()
    return "\n\n".join(paragraphs)


def _was_called(ask: Ask, place: int, before: str) -> bool:
    """Is this the answer to a call? Of a text completion all turns are one text."""
    if ask.is_text:
        return _FORM in before
    earlier = ask.messages[place - 1] if place else {}
    return earlier.get("role") == "assistant" and _FORM in text_of(earlier)
