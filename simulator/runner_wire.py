"""The runner's answers: `{text, usage, finish_reason, done}`, in one piece or one for each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.errors import MESSAGES
from simulator.faults import Directive
from simulator.sse import SseWire
from simulator.writer import Part

Json = dict[str, Any]


class RunnerWire(SseWire):
    def __init__(self, ask: Ask, answer: Answer, directive: Directive) -> None:
        super().__init__(ask, answer, directive)
        self._tokens_so_far = 0
        finish = "length" if answer.finish == "length" else "stop"
        self._finish = directive.finish or finish

    def content(self) -> Iterator[Part]:
        last = len(self.answer.pieces) - 1
        for place, (text, tokens) in enumerate(self.answer.pieces):
            self._tokens_so_far += tokens
            # vLLM knows with the last token why it stops; `done` comes after it.
            yield self.event(self._step(text, self._finish if place == last else None)), tokens

    def closing(self) -> Part:
        self.usage_sent = not self.directive.no_usage
        return self.event({**self._step("", self._finish), "done": True}), 0

    def error(self, code: int) -> bytes:
        return self.event(self._error(code))

    def error_body(self, code: int) -> bytes:
        return orjson.dumps(self._error(code))

    def garbage(self) -> bytes:
        return b'data: {"text": " and", "usage": {"prompt_' + self.eol * 2

    def body(self) -> bytes:
        """Spaces kept the connection awake meanwhile."""
        self._tokens_so_far = self.answer.completion_tokens
        self.usage_sent = not self.directive.no_usage
        document = {**self._step(self.answer.text, self._finish), "done": True}
        return b"   " + orjson.dumps(document)

    def _step(self, text: str, finish: str | None) -> Json:
        figures = (self.answer.prompt_tokens, self._tokens_so_far)
        prompt, completion = (0, 0) if self.directive.no_usage else figures
        return {
            "text": text,
            "usage": {"prompt_tokens": prompt, "completion_tokens": completion},
            "finish_reason": finish,
            "done": False,
        }

    def _error(self, code: int) -> Json:
        message = self.directive.message or MESSAGES.get(code, "error")
        return {"error": {"type": "RuntimeError", "message": message}}
