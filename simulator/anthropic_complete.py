"""Anthropic's Text Completions, for Claude 2 and Instant: a prompt of Human and Assistant turns.

Source: API reference, "Text Completions (legacy)". The API counts no tokens in its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from simulator import anthropic_request, anthropic_wire
from simulator.answer import Answer
from simulator.anthropic_content import invalid
from simulator.ask import Ask
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.sse import SseWire
from simulator.writer import Part

Json = dict[str, Any]

_NAMES = """
model prompt max_tokens_to_sample stop_sequences temperature top_p top_k metadata stream
"""
_TAKES = frozenset(_NAMES.split())
_HUMAN, _ASSISTANT = "\n\nHuman:", "\n\nAssistant:"


def parse(body: Mapping[str, Any], _version: str) -> Ask:
    anthropic_request.only(body, _TAKES)
    model = anthropic_request.required(body, "model", str)
    if model.startswith(("claude-3", "claude-opus", "claude-sonnet", "claude-haiku")):
        raise invalid(
            f'"{model}" is not supported on this API. Please use the Messages API instead.'
        )
    tokens_max = anthropic_request.required(body, "max_tokens_to_sample", int)
    if tokens_max < 1:
        raise invalid("max_tokens_to_sample: Input should be greater than or equal to 1")
    anthropic_request.check_settings(body)
    return Ask(
        model=model,
        messages=_messages(anthropic_request.required(body, "prompt", str)),
        is_text=True,
        stream=anthropic_request.flag(body, "stream"),
        stop=(*anthropic_request.stops(body), _HUMAN),
        tokens_max=tokens_max,
    )


def _messages(prompt: str) -> list[Json]:
    """The last turn of the human is what the answer is about."""
    if _HUMAN not in prompt:
        raise invalid(
            'Invalid prompt: prompt must start with "\n\nHuman:" turn after an optional system'
            " prompt"
        )
    asked, said, begun = prompt.rpartition(_ASSISTANT)
    if not said or _HUMAN in begun:
        raise invalid('Invalid prompt: prompt must end with "\n\nAssistant:" turn')
    if begun != begun.rstrip():
        raise invalid("Invalid prompt: prompt cannot end with trailing whitespace")
    return [{"role": "user", "content": asked.rpartition(_HUMAN)[2].strip()}]


class CompleteWire(SseWire):
    def __init__(self, ask: Ask, answer: Answer, directive: Directive) -> None:
        super().__init__(ask, answer, directive)
        self._id = new_id("compl_01{alnum22}")

    def opening(self) -> bytes:
        return self.event({"type": "ping"}, "ping")

    def content(self) -> Iterator[Part]:
        for text, number in self.answer.pieces:
            yield self.event(self._completion(text, None), "completion"), number

    def closing(self) -> Part:
        return self.event(self._completion("", self._reason), "completion"), 0

    def error(self, code: int) -> bytes:
        return self.event(anthropic_wire.error(code, self.directive.message), "error")

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(anthropic_wire.error(code, self.directive.message))

    def garbage(self) -> bytes:
        return self.half(self.event(self._completion(" and", None), "completion"))

    def body(self) -> bytes:
        return orjson.dumps(self._completion(self.answer.text, self._reason))

    @property
    def _reason(self) -> str:
        """A turn of its own ends at the human's next, which the API counts as a stop sequence."""
        natural = "max_tokens" if self.answer.finish == "length" else "stop_sequence"
        return self.directive.finish or natural

    def _completion(self, text: str, reason: str | None) -> Json:
        ended = reason == "stop_sequence"
        return {
            "type": "completion",
            "id": self._id,
            "completion": text,
            "stop_reason": reason,
            "model": self.ask.model,
            "stop": self.ask.stop[0 if self.answer.finish == "stop" else -1] if ended else None,
            "log_id": self._id,
        }
