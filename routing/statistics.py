"""How endpoints did in the last minutes and the last day: counted in memory, shared through rows.

Each server process counts what its own requests saw, writes it as rows of its own every few
seconds, and reads everybody's. So all of them say the same, and a restart forgets nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import django.db
from django.db import connections

from openrouter_site.cell import Cell
from openrouter_site.database import orm_connection
from routing import statistic_rows
from routing.figures import Figures, Tally
from routing.models import EndpointStatistic
from routing.statistic_rows import MINUTE_S, PROBE_AGE_S_MAX, Board, Reader

logger = logging.getLogger(__name__)

Outcome = Literal["succeeded", "failed", "rate_limited"]

FLUSH_INTERVAL_S = 5.0
READ_INTERVAL_S = 10.0
# How long counts are kept that cannot be written.
_UNWRITTEN_AGE_S_MAX = 30 * MINUTE_S
_LAST_FLUSH_TIMEOUT_S = 3.0


def _empty_cell() -> Cell[Board]:
    reader = Reader()
    # Where a watch runs it is always the one that reads, so pages find it done.
    return Cell(
        lambda: reader.read(time.time()), ttl_s=1.5 * READ_INTERVAL_S, stale_if_error_s=math.inf
    )


_cell = _empty_cell()


def current() -> Mapping[int, Figures]:
    """Figures by endpoint id, for pages and commands. May read the database; empty if it cannot."""
    try:
        return _cell.get_blocking().figures
    except django.db.Error as error:
        logger.warning("statistics cannot be read: %s", error)
        return {}


def forget() -> None:
    """Drop what was read. For tests, where rolling back takes the rows back too."""
    global _cell
    _cell = _empty_cell()


def _refresh() -> None:
    with orm_connection():
        _cell.refresh()


@dataclass(slots=True)
class _Count(Tally):
    """A tally, and how much of it is in the database."""

    events_written: int = 0


class Statistics:
    """What one server process counts. Nobody else has its `instance_id`. `clock`: Unix seconds.

    All methods belong to the event loop; only finished rows go to the thread that writes them.
    """

    def __init__(self, instance_id: str, clock: Callable[[], float] = time.time) -> None:
        self._instance_id = instance_id
        self._clock = clock
        self._minutes: dict[int, dict[int, _Count]] = {}
        self._minute: dict[int, _Count] = {}
        self._minute_ends_s = -math.inf

    # --- For requests: no I/O ---

    def attempted(self, endpoint_id: int, outcome: Outcome) -> None:
        """An endpoint was tried. What the user did wrong is no attempt: it says nothing."""
        count = self._count(endpoint_id)
        if outcome == "succeeded":
            count.succeeded += 1
        elif outcome == "failed":
            count.failed += 1
        else:
            count.rate_limited += 1

    def served(self, endpoint_id: int, latency_s: float, tokens: int, duration_s: float) -> None:
        """An answer was delivered: seconds to its first content, completion tokens, seconds."""
        count = self._count(endpoint_id)
        count.latency.add(latency_s)
        if tokens > 0 and duration_s > 0:
            count.throughput.add(tokens / duration_s)

    def figures(self, endpoint_id: int) -> Figures | None:
        """Of all processes, as last read; None of an endpoint that nobody used for a day."""
        board = _cell.peek()
        return None if board is None else board.figures.get(endpoint_id)

    @property
    def probed_down(self) -> frozenset[str]:
        """Slugs of the providers whose latest probe failed, unless that is too long ago."""
        board = _cell.peek()
        if board is None or self._clock() > board.read_s + PROBE_AGE_S_MAX:
            return frozenset()
        return board.probed_down

    def _count(self, endpoint_id: int) -> _Count:
        if self._clock() >= self._minute_ends_s:
            self._begin_minute()
        count = self._minute.get(endpoint_id)
        if count is None:
            count = self._minute[endpoint_id] = _Count()
        return count

    def _begin_minute(self) -> None:
        """Never one that was before, also when the clock is set back: it may be written already."""
        starts_s = int(self._clock() // MINUTE_S) * MINUTE_S
        self._minute_ends_s = starts_s + MINUTE_S
        self._minute = self._minutes[starts_s] = {}
        for each_s in list(self._minutes):
            if each_s < starts_s - _UNWRITTEN_AGE_S_MAX:
                del self._minutes[each_s]

    # --- For the server process ---

    async def watch(
        self,
        flush_interval_s: float = FLUSH_INTERVAL_S,
        read_interval_s: float = READ_INTERVAL_S,
    ) -> None:
        """Write and read for the life of a server process; when cancelled, write a last time.

        A thread of its own does the database's work. Failures are logged when they begin and when
        they end; meanwhile counts are kept, and the last figures stay.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="statistics")
        failing = False
        reads = max(1, round(read_interval_s / flush_interval_s))
        turn = 0
        try:
            while True:
                try:
                    await self._flush(executor)
                    if turn % reads == 0:
                        await asyncio.get_running_loop().run_in_executor(executor, _refresh)
                    turn += 1
                    if failing:
                        logger.info("statistics can be written and read again")
                    failing = False
                except Exception as error:
                    if not failing:
                        logger.warning("statistics cannot be written or read: %s", error)
                    failing = True
                await asyncio.sleep(flush_interval_s)
        finally:
            await self._leave(executor)

    async def _flush(self, executor: Executor) -> None:
        """Write what changed since it was last written; raises the database's errors."""
        changed = [
            (count, count.events, (endpoint_id, starts_s))
            for starts_s, minute in self._minutes.items()
            for endpoint_id, count in minute.items()
            if count.events != count.events_written
        ]
        rows = [statistic_rows.row(*key, self._instance_id, count) for count, _, key in changed]
        if rows:
            await asyncio.get_running_loop().run_in_executor(executor, _write, rows)
        for count, events, _ in changed:
            count.events_written = events
        self._forget_what_is_written()

    def _forget_what_is_written(self) -> None:
        for starts_s, minute in list(self._minutes.items()):
            if minute is not self._minute and all(
                count.events == count.events_written for count in minute.values()
            ):
                del self._minutes[starts_s]

    async def _leave(self, executor: ThreadPoolExecutor) -> None:
        last = asyncio.ensure_future(self._flush(executor))
        await asyncio.wait([last], timeout=_LAST_FLUSH_TIMEOUT_S)
        if not last.done():
            last.cancel()
        elif (error := last.exception()) is not None:
            logger.warning("the last statistics could not be written: %s", error)
        executor.submit(connections.close_all)
        executor.shutdown(wait=False)


def _write(rows: list[EndpointStatistic]) -> None:
    with orm_connection():
        statistic_rows.write(rows)
