"""The beginning of an answer that the caller wrote, and that a provider says once more. Pure.

Source: seed, Assistant Prefill: the answer continues the last message. Providers that do not know
this begin anew, often with the very words; what is repeated verbatim is dropped.

    filter = PrefillFilter(prefill_text(request))    # for each answer
    ... each decoded chunk goes through filter.feed, the end of the answer through finish

A few words may well begin the answer to themselves (`I` is no repetition in "I\\nI am"), so only a
beginning of at least 12 characters or 3 words is looked for; a shorter one stays if it is repeated.
"""

from __future__ import annotations

from dataclasses import replace

from routing.chunk import Chunk
from routing.formats.contents import texts
from routing.request import ChatRequest

CHARACTERS_MIN, WORDS_MIN = 12, 3
# So many blanks before the repetition are waited for.
_BLANKS_MAX = 1_000


def prefill_text(request: ChatRequest) -> str:
    """The beginning of the answer; nothing where there is none."""
    if not request.prefill or not request.messages:
        return ""
    return texts(request.messages[-1])


class PrefillFilter:
    """Holds text back only while it may still be the repetition."""

    __slots__ = ("_held", "_wanted")

    def __init__(self, prefill: str) -> None:
        wanted = prefill.strip()
        is_long = len(wanted) >= CHARACTERS_MIN or len(wanted.split()) >= WORDS_MIN
        # Spaces at its end may be lacking in the repetition: then the answer has them.
        self._wanted = wanted if is_long else ""
        self._held = ""

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """The chunks to hand on now, instead of this one."""
        if not self._wanted:
            return [chunk]
        is_last = chunk.finish_reason is not None or chunk.failure is not None
        if not (chunk.text or is_last):
            return [chunk]
        self._held += chunk.text
        words = self._held.lstrip()
        if words.startswith(self._wanted):
            said, self._held = words[len(self._wanted) :], ""
            self._wanted = ""
            return _with_text(chunk, said)
        may_come = len(self._held) <= len(self._wanted) + _BLANKS_MAX
        if not is_last and may_come and self._wanted.startswith(words):
            return _with_text(chunk, "")
        said, self._held, self._wanted = self._held, "", ""
        return [chunk] if said == chunk.text else _with_text(chunk, said)

    def finish(self) -> list[Chunk]:
        """What is left when the answer ended without a finish reason."""
        held, self._held, self._wanted = self._held, "", ""
        return [Chunk(held)] if held else []


def _with_text(chunk: Chunk, text: str) -> list[Chunk]:
    """Other words, so without the log-probabilities of the old ones; nothing if it says nothing."""
    if not text and chunk.delta is None and chunk.finish_reason is None and chunk.failure is None:
        return []
    return [replace(chunk, text=text, logprobs=None)]
