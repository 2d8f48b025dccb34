"""How streams are cut into events, by name. Pure: bytes in, events out, wherever the bytes are cut.

sse         the data of server-sent events (routing.sse)
named-sse   the same, each with its name before it on a line of its own
lines       one JSON document a line (Cohere v1)
aws         AWS's binary messages, each with its name before it (routing.formats.event_stream)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from routing import sse
from routing.formats import event_stream
from routing.sse import EVENT_BYTES_MAX, MalformedStream


class Decoder(Protocol):
    def feed(self, data: bytes) -> list[bytes]:
        """Events complete now; raises MalformedStream."""

    def finish(self) -> list[bytes]:
        """The stream ended: what was left without its end."""


class Lines:
    """Lines end with LF or CRLF; empty ones say nothing."""

    __slots__ = ("_line",)

    def __init__(self) -> None:
        self._line = b""

    def feed(self, data: bytes) -> list[bytes]:
        lines = (self._line + data).split(b"\n")
        self._line = lines.pop()
        if len(self._line) > EVENT_BYTES_MAX:
            raise MalformedStream
        return [line for line in map(bytes.strip, lines) if line]

    def finish(self) -> list[bytes]:
        line, self._line = self._line.strip(), b""
        return [line] if line else []


@dataclass(frozen=True, slots=True)
class Framing:
    """A decoder for each answer, and the content types under which such a stream may come."""

    decoder: Callable[[], Decoder]
    content_types: frozenset[str]


_SSE = frozenset({"text/event-stream"})
FRAMINGS = {
    "sse": Framing(sse.Decoder, _SSE),
    "named-sse": Framing(partial(sse.Decoder, named=True), _SSE),
    "lines": Framing(
        Lines, frozenset({"application/stream+json", "application/x-ndjson", "text/event-stream"})
    ),
    "aws": Framing(event_stream.Decoder, frozenset({"application/vnd.amazon.eventstream"})),
}
