"""Writes what runs say into their rows: every two seconds what is new, and each end at once.
Runs take turns, so that many of them are no burst of work.

One thread does it, so that an end is never overtaken by a part. While the database is away, runs
go on; their ends wait here and are written when it is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import DatabaseError, DataError, IntegrityError

from openrouter_site.database import orm_connection
from playground import saving
from playground.runs import Run, Runs
from playground.saving import Ending, Part

logger = logging.getLogger(__name__)

SAVE_S = 2.0
_TURNS = 8
# So long the page waits for the row before it is told the end.
_PATIENCE_S = 3.0
_WAITING_MAX = 5_000

Value = TypeVar("Value")


async def in_thread(work: Callable[[], Value]) -> Value:
    """Blocking code that uses the ORM."""

    def connected() -> Value:
        with orm_connection():
            return work()

    return await asyncio.to_thread(connected)


class Saver:
    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="playground-saver")
        self._waiting: dict[str, Ending] = {}
        self._is_failing = False

    async def finish(self, ending: Ending) -> None:
        """Written when it returns, or waiting to be."""
        if len(self._waiting) < _WAITING_MAX:
            self._waiting[ending.part.run] = ending
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._do(lambda: self._write(ending))
        except TimeoutError:
            pass

    async def watch(self) -> None:
        """For the life of the process."""
        turn = 0
        while True:
            await asyncio.sleep(SAVE_S / _TURNS)
            turn = (turn + 1) % _TURNS
            await self._keep([run for run in self._runs.live() if run.number % _TURNS == turn])
            if turn == 0:
                await self.save()

    async def _keep(self, runs: list[Run]) -> None:
        parts = [
            (run, Part(run.id, run.buffer.last, run.buffer.message()))
            for run in runs
            if run.is_begun and run.buffer.last > run.saved_sequence
        ]
        if parts and await self._do(lambda: saving.keep([part for _, part in parts])):
            for run, part in parts:
                run.saved_sequence = part.sequence

    async def save(self) -> None:
        """The ends that wait."""
        for ending in tuple(self._waiting.values()):
            if not await self._do(lambda ending=ending: self._write(ending)):  # type: ignore[misc]
                return

    def _write(self, ending: Ending) -> None:
        if ending.part.run not in self._waiting:
            return
        try:
            saving.finish(ending)
        except (DataError, IntegrityError) as error:
            # It will never do; the sweep of lost runs ends the row (playground.lost).
            logger.error("the end of run %s is refused: %s", ending.part.run, type(error).__name__)
        self._waiting.pop(ending.part.run, None)

    async def _do(self, work: Callable[[], None]) -> bool:
        """Whether it could be done."""

        def connected() -> None:
            with orm_connection():
                work()

        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, connected)
        except DatabaseError as error:
            # The type only: the words of a database may repeat what it was given.
            if not self._is_failing:
                logger.warning("chats cannot be saved right now: %s", type(error).__name__)
            self._is_failing = True
            return False
        self._is_failing = False
        return True
