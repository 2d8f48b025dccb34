"""What happened in a run, numbered: its events, of which any reader takes what is new to him.

There is no queue for a reader. He remembers the number of the last event he has; what came since
is joined for him when he asks. Who reads slowly gets larger pieces, and nothing grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ACCEPTED, ROUTE, DELTA, REASONING, TOOL, DONE = (
    "accepted", "route", "delta", "reasoning", "tool", "done",
)  # fmt: skip
_TEXTS = frozenset({DELTA, REASONING})

Event = dict[str, Any]
# Its number is its place: the first of a run is `accepted`, number 0.
Entry = tuple[str, Any]


class Buffer:
    """The entries of one run. A payload is a text (delta, reasoning), pieces of tool calls as the
    providers stream them (tool), or the fields of the event (the others)."""

    __slots__ = ("_calls", "_entries", "run")

    def __init__(self, run: str) -> None:
        self.run = run
        self._entries: list[Entry] = []
        self._calls: dict[int, dict[str, Any]] = {}

    @property
    def last(self) -> int:
        """The number of the last event; -1 before the first."""
        return len(self._entries) - 1

    @property
    def done(self) -> Event | None:
        """The fields of the event that ended it."""
        kind, payload = self._entries[-1] if self._entries else ("", None)
        return payload if kind == DONE else None

    def add(self, kind: str, payload: Any) -> None:
        if kind == TOOL:
            for piece in payload:
                self._put_together(piece)
        self._entries.append((kind, payload))

    def entries(self, after: int, most: int) -> list[Entry]:
        """At most so many of those after a number, as they are."""
        return self._entries[after + 1 : after + 1 + most]

    def events(self, after: int) -> list[Event]:
        """All after a number, as few as possible: neighbouring texts are joined, and of several
        states of the tool calls the last is told."""
        told: list[Event] = []
        texts: list[str] = []
        kind_before = ""
        for seq, (kind, payload) in enumerate(self._entries[after + 1 :], after + 1):
            if kind == kind_before and (kind in _TEXTS or kind == TOOL):
                told[-1]["seq"] = seq
            else:
                _finish(told, texts)
                told.append({"type": f"run.{kind}", "run": self.run, "seq": seq})
                if kind == TOOL:
                    told[-1]["calls"] = self.calls()
                elif kind not in _TEXTS:
                    told[-1] |= payload
            if kind in _TEXTS:
                texts.append(payload)
            kind_before = kind
        _finish(told, texts)
        return told

    def calls(self) -> list[dict[str, Any]]:
        """The tool calls so far, whole as far as they came."""
        return [{"index": index, **self._calls[index]} for index in sorted(self._calls)]

    def message(self) -> dict[str, Any]:
        """The answer so far, as the API would take it back."""
        message: dict[str, Any] = {"content": "".join(self._texts(DELTA))}
        if reasoning := "".join(self._texts(REASONING)):
            message["reasoning"] = reasoning
        if self._calls:
            message["tool_calls"] = [_as_message(self._calls[each]) for each in sorted(self._calls)]
        return message

    def _texts(self, wanted: str) -> Iterable[str]:
        return (payload for kind, payload in self._entries if kind == wanted)

    def _put_together(self, piece: dict[str, Any]) -> None:
        call = self._calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
        function = piece.get("function") or {}
        call["id"] = piece.get("id") or call["id"]
        call["name"] += function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""


def _finish(told: list[Event], texts: list[str]) -> None:
    if texts:
        told[-1]["text"] = "".join(texts)
        texts.clear()


def _as_message(call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": call["arguments"]}
    return {"id": call["id"], "type": "function", "function": function}
