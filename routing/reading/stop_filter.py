"""The text at which a model stopped, where its provider says it to the end (TGI does). Pure.

Elsewhere an answer ends before the stop sequence (OpenAI API reference, `stop`), so it is cut here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from routing.chunk import Chunk


class StopFilter:
    """Holds back only what may be the beginning of a stop; nothing follows a whole one."""

    __slots__ = ("_held", "_is_over", "_stops")

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(filter(None, stops))
        self._held = ""
        self._is_over = False

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """The chunks to hand on now, instead of this one."""
        is_last = chunk.finish_reason is not None or chunk.failure is not None
        if not (self._stops and (chunk.text or is_last)):
            return [chunk]
        text = "" if self._is_over else self._held + chunk.text
        self._held = ""
        found = [(at + len(s), at) for s in self._stops if (at := text.find(s)) >= 0]
        if found:
            # The one that was whole first: so it is however the words were cut.
            self._is_over = True
            text = text[: min(found)[1]]
        elif not is_last:
            kept = self._beginning(text)
            text, self._held = text[: len(text) - kept], text[len(text) - kept :]
        if text == chunk.text:
            return [chunk]
        if not text and chunk.delta is None and not is_last:
            return []
        # Other words, so without the log-probabilities of the old ones.
        return [replace(chunk, text=text, logprobs=None)]

    def _beginning(self, text: str) -> int:
        """How many characters at the end may be the beginning of a stop."""
        longest = min(len(text), max(map(len, self._stops)) - 1)
        return next(
            (
                size
                for size in range(longest, 0, -1)
                if any(stop.startswith(text[-size:]) for stop in self._stops)
            ),
            0,
        )

    def finish(self) -> list[Chunk]:
        """What is left when the answer ended without a finish reason."""
        held, self._held = self._held, ""
        return [Chunk(held)] if held else []
