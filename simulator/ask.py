"""What was asked, whatever the dialect: the request after validation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator import faults

# What instruct templates put around a turn, in the families that have a mark of their own for it,
# and what they put before an answer.
MARKS = re.compile(
    r"\[/?INST\]|<</?SYS>>|</?s>|<\|\w+\|>(?:\w+<\|\w+\|>)?(?:system|user|assistant)?"
    r"|<(?:start|end)_of_turn>\w*|### \w+:|\b(?:USER|ASSISTANT|User|Assistant|Human):"
)
_ANSWER = re.compile(
    r"\[/INST\]|<\|assistant\|>|<\|im_start\|>assistant|assistant<\|end_header_id\|>"
    r"|<start_of_turn>model|<\|CHATBOT_TOKEN\|>|### (?:Response|Assistant):"
    r"|\b(?:ASSISTANT|Assistant):"
)
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
        return faults.without_blocks(self._last_turn)

    @property
    def _last_turn(self) -> str:
        """Of a text in which a template holds several turns, what the user said last."""
        answer = self._answer_mark if self.is_text else None
        if answer is None:
            return self.prompt
        turns = MARKS.split(self.prompt[: answer.start()])
        return next((turn.strip() for turn in reversed(turns) if turn.strip()), "")

    @cached_property
    def _answer_mark(self) -> re.Match[str] | None:
        """Where the answer begins in such a text."""
        found = None
        for found in _ANSWER.finditer(self.prompt):  # noqa: B007 the last one
            pass
        return found

    @property
    def is_begun(self) -> bool:
        """Is the answer to go on where the prompt ends?"""
        if not self.is_text:
            return self.last_role == "assistant"
        return self._answer_mark is not None and bool(
            self.prompt[self._answer_mark.end() :].strip()
        )

    @property
    def say(self) -> str | None:
        """The exact answer that the user asked for with [[say: ...]]."""
        if self.say_exactly is not None:
            return self.say_exactly
        found = _SAY.findall(self.prompt)
        if not found:
            return None
        # Of a text that holds several turns, the last one counts.
        return str(found[-1] if self.is_text else found[0])

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
