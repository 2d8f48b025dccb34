"""A prediction, and its answer: the events output, error and done, or the prediction when done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.errors import MESSAGES
from simulator.faults import Directive
from simulator.ids import new_id
from simulator.sse import SseWire
from simulator.writer import Part

Json = dict[str, Any]


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass(eq=False)
class Prediction:
    origin: str
    model: str
    input: Json
    ask: Ask
    id: str = field(default_factory=lambda: new_id("{lower26}"))
    created_at: str = field(default_factory=_now)
    polls: int = 0
    status: str = "starting"
    outcome: Json = field(default_factory=dict)
    """Output, error and metrics once it is over."""
    reading: Ask | None = None
    """What is being answered now."""

    @property
    def is_over(self) -> bool:
        return self.status in ("succeeded", "failed", "canceled")

    def cancel(self) -> None:
        if not self.is_over:
            self.status = "canceled"

    def end(self, status: str, **outcome: Any) -> None:
        self.status, self.outcome = status, {**outcome, "completed_at": _now()}

    def not_streamed(self) -> Ask:
        return replace(self.ask, stream=False)

    def document(self, status: str) -> Json:
        place = f"{self.origin}/v1/predictions/{self.id}"
        urls = {"get": place, "cancel": f"{place}/cancel"}
        if self.ask.stream:
            urls["stream"] = f"{self.origin}/v1/streams/{self.id}"
        return {
            "id": self.id,
            "model": self.model,
            "version": "hidden",
            "input": self.input,
            "logs": "",
            "output": None,
            "data_removed": False,
            "error": None,
            "status": status,
            "created_at": self.created_at,
            "urls": urls,
            **self.outcome,
        }


class PredictionWire(SseWire):
    def __init__(self, prediction: Prediction, answer: Answer, directive: Directive) -> None:
        self.prediction = prediction
        super().__init__(prediction.ask, answer, directive)
        self._events = 0

    def content(self) -> Iterator[Part]:
        for text, tokens in self.answer.pieces:
            if self.prediction.status == "canceled":
                return
            yield self._event(b"output", text.encode()), tokens

    def closing(self) -> Part:
        if self.prediction.status == "canceled":
            return self._event(b"done", b'{"reason": "canceled"}'), 0
        self._succeed()
        # The figures are in the prediction and not in its stream.
        return self._event(b"done", b"{}"), 0

    def error(self, code: int) -> bytes:
        message = self._fail(code)
        detail = orjson.dumps({"detail": message})
        return self._event(b"error", detail) + self._event(b"done", b'{"reason": "error"}')

    def error_body(self, code: int) -> bytes:
        self._fail(code)
        return orjson.dumps(self.prediction.document("failed"))

    def garbage(self) -> bytes:
        """In a stream of plain text only an event that must be JSON can be none."""
        return self._event(b"done", b'{"reason')

    def body(self) -> bytes:
        if self.prediction.status != "canceled":
            self._succeed()
        self.usage_sent = not self.directive.no_usage
        return orjson.dumps(self.prediction.document(self.prediction.status))

    def _succeed(self) -> None:
        metrics: Json = {"predict_time": 0.5}
        if not self.directive.no_usage:
            metrics["input_token_count"] = self.answer.prompt_tokens
            metrics["output_token_count"] = self.answer.completion_tokens
        output = [text for text, _ in self.answer.pieces]
        self.prediction.end("succeeded", output=output, metrics=metrics)

    def _fail(self, code: int) -> str:
        message = self.directive.message or MESSAGES.get(code, "error")
        self.prediction.end("failed", error=message)
        return message

    def _event(self, name: bytes, data: bytes) -> bytes:
        self._events += 1
        lines = [b"event: " + name, b"id: %d:0" % self._events]
        lines += [b"data: " + line for line in data.split(b"\n")]
        return self.eol.join(lines) + self.eol * 2
