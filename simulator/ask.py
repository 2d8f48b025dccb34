"""What was asked, whatever the dialect: the request after validation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator import faults

_SAY = re.compile(r"\[\[say: ?(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Ask:
    model: str
    messages: Sequence[Mapping[str, Any]]
    """Of a text completion: one user message."""
    is_text: bool = False
    """A text completion and not a chat."""
    stream: bool = False
    usage_asked: bool = False
    seed: Any = None
    stop: tuple[str, ...] = ()
    tokens_max: int | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    tool_forced: str | None = None
    parallel: bool = True
    """Several tools may be called at once."""
    schema: Mapping[str, Any] | None = None
    """The answer must be JSON; an empty schema is any object."""
    logprobs: bool = False
    top_logprobs: int = 0
    say_exactly: str | None = None
    """The answer, whatever was asked."""
    result: str | None = None
    """What a tool has said, when it said it in words of the user."""

    @cached_property
    def prompt(self) -> str:
        """The text of the last user message, directives and all."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                return text_of(message)
        return text_of(self.messages[-1])

    @cached_property
    def question(self) -> str:
        return faults.without_blocks(self.prompt)

    @property
    def say(self) -> str | None:
        """The exact answer that the user asked for with [[say: ...]]."""
        if self.say_exactly is not None:
            return self.say_exactly
        found = _SAY.search(self.prompt)
        return found.group(1) if found else None

    @property
    def said_by_tool(self) -> str | None:
        """The result of a call, which the answer is to be about."""
        if self.result is None and self.last_role == "tool":
            return text_of(self.messages[-1])
        return self.result

    @property
    def last_role(self) -> str:
        return str(self.messages[-1].get("role"))


def text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))
