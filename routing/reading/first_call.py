"""Only one tool call, for callers who said `parallel_tool_calls: false`. Pure.

Not every provider can be told (Azure, Google, Cohere and Mistral cannot), and which one answers is
the router's choice, so what is said beyond the first call is left out here.
"""

from __future__ import annotations

from dataclasses import replace

from routing.chunk import Chunk


class FirstCall:
    """Lets the calls of index 0 pass."""

    __slots__ = ()

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """The chunks to hand on now, instead of this one."""
        calls = (chunk.delta or {}).get("tool_calls")
        if not calls:
            return [chunk]
        kept = [call for call in calls if call["index"] == 0]
        if len(kept) == len(calls):
            return [chunk]
        delta = {key: value for key, value in (chunk.delta or {}).items() if key != "tool_calls"}
        delta |= {"tool_calls": kept} if kept else {}
        if not (delta or chunk.text or chunk.finish_reason or chunk.failure):
            return []
        return [replace(chunk, delta=delta or None)]

    def finish(self) -> list[Chunk]:
        return []
