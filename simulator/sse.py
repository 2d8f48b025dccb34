"""What the wires of server-sent events have in common."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.answer import Answer
from simulator.ask import Ask
from simulator.faults import Directive
from simulator.writer import SSE_TYPE


class SseWire:
    """One answer. A dialect adds what is in its events (the rest of simulator.writer.Wire)."""

    stream_type = SSE_TYPE
    keep_alive: bytes | None = None
    data = b"data: "

    def __init__(self, ask: Ask, answer: Answer, directive: Directive, eol: bytes = b"\n") -> None:
        self.ask = ask
        self.answer = answer
        self.directive = directive
        self.eol = b"\r\n" if directive.crlf else eol
        self.usage_sent = False

    def comment(self, number: int) -> bytes:
        return b": comment %d" % number + self.eol * 2

    def opening(self) -> bytes:
        """Most begin with the first words."""
        return b""

    def event(self, document: Any, name: str = "") -> bytes:
        head = b"event: " + name.encode() + self.eol if name else b""
        return head + self.data + orjson.dumps(document) + self.eol * 2

    def half(self, event: bytes) -> bytes:
        """An event whose document breaks off."""
        return event[: len(event) // 2] + self.eol * 2
