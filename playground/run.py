"""One answer under way: what it says, as its exchange tells it, and how it is stopped."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils import timezone

from openrouter_site.errors import ApiError
from playground import buffer
from playground.buffer import Buffer, Event
from playground.commands import Start
from routing.chunk import Chunk
from routing.complete import new_generation_id
from routing.exchange import Exchange

_numbers = itertools.count()


class Watcher(Protocol):
    """Somebody to be woken when a run has news."""

    def wake(self) -> None: ...


class Source(Protocol):
    """What can be watched: a run of this process, or the mirror of another's."""

    @property
    def id(self) -> str: ...
    @property
    def user_id(self) -> int: ...
    @property
    def buffer(self) -> Buffer: ...
    @property
    def watchers(self) -> set[Watcher]: ...
    @property
    def waited(self) -> tuple[int, float]:
        """How often it was said that nothing happens, and for how many seconds that is now."""


class Run:
    """It listens to its exchange (routing.entrance.Listener). `has_news` is told of each event."""

    def __init__(self, start: Start, user_id: int, has_news: Callable[[Run], None]) -> None:
        self.id = start.run
        self.start = start
        self.user_id = user_id
        self.started_at: datetime = timezone.now()
        self.exchange: Exchange | None = None
        self.generation_id = new_generation_id()
        # To take turns by.
        self.number = next(_numbers)
        self.buffer = Buffer(start.run)
        self.watchers: set[Watcher] = set()
        # Its rows are there (not of a temporary chat).
        self.is_begun = False
        self.is_stopped = False
        self.failed_by: ApiError | None = None
        # Who has the request now or had it last: (provider's name, model's id).
        self.route = ("", "")
        self.finish_reason = ""
        # 3D objects: where they are, and the files themselves where they are in no row.
        self.objects: list[dict[str, Any]] = []
        self.files: list[bytes] = []
        self.ended_s = math.inf
        self.saved_sequence = 0
        self.waited = (0, 0.0)
        self.started_s = time.monotonic()
        self._prefill = start.prefill
        self._first_s: float | None = None
        self._said_s = self.started_s
        self._waits = self._attempts = 0
        self._has_news = has_news

    @property
    def ttft_ms(self) -> int | None:
        return None if self._first_s is None else round((self._first_s - self.started_s) * 1000)

    @property
    def is_live(self) -> bool:
        return self.ended_s == math.inf

    def add(self, kind: str, payload: Any) -> None:
        self.buffer.add(kind, payload)
        self._said_s = time.monotonic()
        self._waits = 0
        self._has_news(self)

    def accepted(self) -> None:
        start = self.start
        self.add(
            buffer.ACCEPTED,
            {
                "chat": start.chat, "pane": start.pane, "parent": start.parent,
                "questions": [each.as_json() for each in start.questions],
                "kind": start.kind, "generation": self.generation_id,
                "started_at": self.started_at.isoformat(),
            },
        )  # fmt: skip

    def tried(self, provider: str, model: str) -> None:
        """An attempt begins."""
        self.route = (provider, model)
        self._attempts += 1
        if not self.is_stopped:
            attempt = {"provider": provider, "model": model, "attempt": self._attempts}
            self.add(buffer.ROUTE, attempt)

    def stop(self) -> None:
        """Told by its person. What the provider still says is not shown; the end says whether it
        could be stopped, and what it costs."""
        if self.is_live and not self.is_stopped:
            self.is_stopped = True
            if self.exchange is not None:
                self.exchange.abandon()

    def wait(self, now_s: float) -> None:
        """Say that nothing was said for a while, where that is so."""
        times = int((now_s - self._said_s) / settings.COMMENT_INTERVAL_S)
        if times > self._waits and self.is_live and self.buffer.last >= 0:
            self._waits = times
            since_s = self.started_s if self._first_s is None else self._said_s
            self.waited = (self.waited[0] + 1, round(now_s - since_s, 1))
            self._has_news(self)

    async def chunks(self, chunks: list[Chunk]) -> None:
        if self.is_stopped:
            return
        text = ""
        for chunk in chunks:
            if chunk.delta is not None:
                self._say(buffer.DELTA, text)
                text = ""
                self._beside(chunk.delta)
            text += chunk.text
            if chunk.finish_reason:
                self.finish_reason = chunk.finish_reason
        self._say(buffer.DELTA, text)

    def _beside(self, delta: dict[str, Any]) -> None:
        for name in ("reasoning", "reasoning_content"):
            if isinstance(delta.get(name), str):
                self._say(buffer.REASONING, delta[name])
                break
        if isinstance(refusal := delta.get("refusal"), str):
            self._say(buffer.DELTA, refusal)
        if calls := delta.get("tool_calls"):
            self._say(buffer.TOOL, calls)

    def _say(self, kind: str, payload: Any) -> None:
        if payload:
            if self._first_s is None:
                self._first_s = time.monotonic()
            if kind == buffer.DELTA and self._prefill:
                # The provider goes on from it; for whoever reads, it is the answer's beginning.
                self.add(kind, self._prefill)
                self._prefill = ""
            self.add(kind, payload)

    async def end(self, chunks: list[Chunk]) -> None:
        """Whole and settled; what follows is the closing of the run."""

    async def error(self, error: ApiError) -> None:
        self.failed_by = error

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        questions = sum(len(str(each.message["content"])) for each in self.start.questions)
        return self.buffer.size + questions + sum(len(file) for file in self.files)

    def closed(self, event: Event) -> None:
        """The last event; nothing follows it."""
        self.ended_s = time.monotonic()
        # What was asked is long enough, and not needed any more.
        self.start = replace(self.start, body={})
        self.add(buffer.DONE, event)
