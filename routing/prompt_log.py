"""Prompts and answers on their way into the database, for accounts that want them kept.

A request only leaves its entry here, after it is settled. When entries come faster than they can be
written, or the database is away, what goes beyond the bounds is dropped and counted: no request
ever waits for this.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from accounts import kept_prompts
from accounts.kept_prompts import Entry
from billing.book import GenerationRow
from openrouter_site.database import orm_connection
from routing.request import ChatRequest

logger = logging.getLogger(__name__)

ENTRIES_MAX = 2_000
BYTES_MAX = 64 * 1024 * 1024
_BATCH_ENTRIES_MAX = 100
_BATCH_BYTES_MAX = 4 * 1024 * 1024
_AGAIN_S = 1.0


def _store(entries: Sequence[Entry]) -> None:
    with orm_connection():
        kept_prompts.store(entries)


class PromptLog:
    """One for the process. `dropped` counts what was not kept; it is never reset."""

    def __init__(
        self,
        store: Callable[[Sequence[Entry]], None] = _store,
        *,
        entries_max: int = ENTRIES_MAX,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.dropped = 0
        self._store = store
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._waiting: deque[tuple[Entry, int]] = deque()
        self._bytes = 0
        self._writing: asyncio.Lock | None = None
        self._some = asyncio.Event()
        self._is_failing = False

    def add(
        self, generation: GenerationRow, request: ChatRequest, answer: Mapping[str, Any]
    ) -> None:
        """Keep what was asked and `answer`ed; costs the request a few microseconds."""
        size = request.text_bytes + sum(len(str(part)) for part in answer.values())
        if len(self._waiting) >= self._entries_max or self._bytes + size > self._bytes_max:
            self.dropped += 1
            self._tell_dropping()
            return
        document = {**_asked(request), **answer}
        entry = Entry(generation.id, generation.user_id, generation.created_at, document)
        self._waiting.append((entry, size))
        self._bytes += size
        self._some.set()

    async def watch(self) -> None:
        """Write what comes, for the life of a server process; ends when cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            await self.flush()
            if self._waiting:
                await asyncio.sleep(_AGAIN_S)
                self._some.set()

    async def flush(self) -> None:
        """Write all that waits, or until the database fails."""
        self._writing = self._writing or asyncio.Lock()
        async with self._writing:
            while self._waiting and await self._write(self._batch()):
                pass

    def _batch(self) -> list[tuple[Entry, int]]:
        batch: list[tuple[Entry, int]] = []
        size = 0
        while self._waiting and len(batch) < _BATCH_ENTRIES_MAX and size < _BATCH_BYTES_MAX:
            batch.append(self._waiting.popleft())
            size += batch[-1][1]
        return batch

    async def _write(self, batch: list[tuple[Entry, int]]) -> bool:
        """False when the database is away: then the batch waits on."""
        try:
            await asyncio.to_thread(self._store, [entry for entry, _ in batch])
        except (OperationalError, InterfaceError) as error:
            self._waiting.extendleft(reversed(batch))
            if not self._is_failing:
                # The type only: the words of a database may repeat what it was given.
                logger.warning("prompts cannot be kept right now: %s", type(error).__name__)
            self._is_failing = True
            return False
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed(batch))
            raise
        except Exception as error:
            self.dropped += len(batch)
            logger.error("%d prompts were not kept: %s", len(batch), type(error).__name__)
        self._is_failing = False
        self._bytes -= sum(size for _, size in batch)
        return True

    def _tell_dropping(self) -> None:
        if self.dropped & (self.dropped - 1) == 0:
            # Each time their number doubled.
            logger.warning("%d prompts were not kept: too many wait to be written", self.dropped)


def _asked(request: ChatRequest) -> dict[str, Any]:
    if request.prompt is not None:
        return {"prompt": request.prompt}
    messages: Iterable[Mapping[str, Any]] = request.messages or ()
    if request.image_count:
        messages = [_without_pictures(message) for message in messages]
    asked: dict[str, Any] = {"messages": list(messages)}
    if request.has_tools:
        asked["tools"] = request.parameters.get("tools")
    return asked


def _without_pictures(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Pictures that came in the request itself are not kept, only that there were some."""
    content = message.get("content")
    if not isinstance(content, list | tuple):
        return message
    return {**message, "content": [_part(part) for part in content]}


def _part(part: Any) -> Any:
    if not isinstance(part, Mapping) or part.get("type") != "image_url":
        return part
    picture = part.get("image_url")
    url = picture.get("url") if isinstance(picture, Mapping) else picture
    if isinstance(url, str) and url.startswith("data:"):
        kind = url[5:60].partition(";")[0]
        return {"type": "text", "text": f"[a picture, {kind}, that is not kept]"}
    return part


def answered(texts: Iterable[str], deltas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """An answer as one document: its text, and reasoning and tool calls where there are some."""
    reasoning: list[str] = []
    calls: dict[int, dict[str, str]] = {}
    for delta in deltas:
        for name in ("reasoning", "reasoning_content", "refusal"):
            if isinstance(delta.get(name), str):
                reasoning.append(delta[name])
        for position, call in enumerate(delta.get("tool_calls") or ()):
            merged = calls.setdefault(call.get("index", position), {"name": "", "arguments": ""})
            function = call.get("function") or {}
            for name in merged:
                merged[name] += function.get(name) or ""
    answer: dict[str, Any] = {"answer": "".join(texts)}
    if reasoning:
        answer["reasoning"] = "".join(reasoning)
    if calls:
        answer["tool_calls"] = list(calls.values())
    return answer
