"""Runs: the answers under way in this process, and those that ended a moment ago.

A run belongs to the server. Pages that watch it come and go; it is stopped by its person only, and
like every exchange it goes on until its money is settled.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
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

TICK_S = 0.04
# After its end a run is kept, so that whoever was away for a moment misses nothing.
KEPT_S = 300.0
LIVE_PER_USER_MAX = 24
_ENDED_MAX = 2_000


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
    """One answer. It listens to its exchange (routing.entrance.Listener)."""

    def __init__(self, start: Start, user_id: int, runs: Runs) -> None:
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
        self._first_s: float | None = None
        self._said_s = self.started_s
        self._waits = self._attempts = 0
        self._runs = runs

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
        self._runs.has_news(self)

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
            self._runs.has_news(self)

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
            self.add(kind, payload)

    async def end(self, chunks: list[Chunk]) -> None:
        """Whole and settled; what follows is the closing of the run."""

    async def error(self, error: ApiError) -> None:
        self.failed_by = error

    def closed(self, event: Event) -> None:
        """The last event; nothing follows it."""
        self.ended_s = time.monotonic()
        self.add(buffer.DONE, event)


class Runs:
    """All runs of this process, and the clock that wakes who watches them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Run] = {}
        self._news: set[Run] = set()
        self._some = asyncio.Event()

    def get(self, run_id: str, user_id: int) -> Run | None:
        run = self._by_id.get(run_id)
        return run if run is not None and run.user_id == user_id else None

    def is_known(self, run_id: str) -> bool:
        return run_id in self._by_id

    def live(self, user_id: int | None = None) -> list[Run]:
        """Those under way, of one person or all."""
        return [
            run
            for run in self._by_id.values()
            if run.is_live and (user_id is None or run.user_id == user_id)
        ]

    def add(self, run: Run) -> None:
        self._by_id[run.id] = run

    def remove(self, run: Run) -> None:
        self._by_id.pop(run.id, None)
        self._news.discard(run)

    def has_news(self, run: Run) -> None:
        self._news.add(run)
        self._some.set()

    async def tick(self) -> None:
        """For the life of the process: wake watchers, at most every TICK_S."""
        while True:
            await self._some.wait()
            self._some.clear()
            news, self._news = self._news, set()
            for run in news:
                for watcher in run.watchers:
                    watcher.wake()
            await asyncio.sleep(TICK_S)

    async def watch(self) -> None:
        """For the life of the process: say who waits, forget what is over."""
        while True:
            await asyncio.sleep(min(0.5, settings.COMMENT_INTERVAL_S / 4))
            now_s = time.monotonic()
            for run in tuple(self._by_id.values()):
                run.wait(now_s)
            self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        ended = [run for run in self._by_id.values() if not run.is_live]
        ended.sort(key=lambda run: run.ended_s)
        surplus = len(ended) - _ENDED_MAX
        for number, run in enumerate(ended):
            if number < surplus or now_s > run.ended_s + KEPT_S:
                self.remove(run)
