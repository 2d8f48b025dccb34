"""Runs: the answers under way in this process, and those that ended a moment ago.

A run belongs to the server. Pages that watch it come and go; it is stopped by its person only, and
like every exchange it goes on until its money is settled.
"""

from __future__ import annotations

import asyncio
import time

from django.conf import settings

from playground.run import Run

TICK_S = 0.04
# After its end a run is kept, so that whoever was away for a moment misses nothing; longer where
# there is no row of it.
KEPT_S = 60.0
TEMPORARY_KEPT_S = 300.0
LIVE_PER_USER_MAX = 24
_ENDED_MAX = 2_000
_ENDED_BYTES_MAX = 128 * 1024 * 1024


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
            for run in self.live():
                run.wait(now_s)
            self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        ended = [run for run in self._by_id.values() if not run.is_live]
        ended.sort(key=lambda run: run.ended_s)
        surplus = len(ended) - _ENDED_MAX
        surplus_bytes = sum(run.size for run in ended) - _ENDED_BYTES_MAX
        for number, run in enumerate(ended):
            kept_s = KEPT_S if run.is_begun else TEMPORARY_KEPT_S
            if number < surplus or surplus_bytes > 0 or now_s > run.ended_s + kept_s:
                self.remove(run)
                surplus_bytes -= run.size
