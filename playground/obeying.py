"""What a page asks for is done here, whichever way it came (socket, or POST beside a stream)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from django.db import DatabaseError

from openrouter_site.errors import ApiError, BadRequest, InternalError, NotFound, TooManyRequests
from playground import commands, kept, saving, starting
from playground.commands import Command, Estimate, Ping, Resume, Start, Stop
from playground.connection import Connection
from playground.paying import NOT_NOW
from playground.runs import Run
from playground.saver import in_thread
from playground.service import Playground

logger = logging.getLogger(__name__)

# At once, of one page.
_TASKS_MAX = 32
NO_RUN = "There is no such run."


class Obeying:
    """The commands of one page. What takes time is done beside, so that Stop never waits."""

    def __init__(self, playground: Playground, connection: Connection) -> None:
        self._playground = playground
        self._connection = connection
        self._tasks: set[asyncio.Task[None]] = set()
        # Runs that were asked for and are not there yet, and those of them to be stopped already.
        self._starting: set[str] = set()
        self._unwanted: set[str] = set()

    def obey(self, frame: str | bytes) -> None:
        """Raises nothing: what is wrong is told."""
        given: dict[str, Any] = {}
        try:
            given = commands.read(frame)
            self._obey(given, commands.parse(given))
        except ApiError as error:
            self._refuse(given, error)

    def _obey(self, given: dict[str, Any], command: Command) -> None:
        if isinstance(command, Ping):
            self._connection.say({"type": "pong"})
        elif isinstance(command, Stop):
            self._stop(command)
        elif len(self._tasks) >= _TASKS_MAX:
            raise TooManyRequests("Too much is asked at once. Wait a moment.")
        else:
            if isinstance(command, Start):
                self._starting.add(command.run)
            task = asyncio.create_task(self._beside(given, command))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _beside(self, given: dict[str, Any], command: Start | Resume | Estimate) -> None:
        try:
            if isinstance(command, Start):
                await self._start(command)
            elif isinstance(command, Resume):
                await self._resume(command.run, command.after)
            else:
                raise BadRequest("unknown type")
        except ApiError as error:
            self._refuse(given, error)
        except DatabaseError:
            self._refuse(given, TooManyRequests(NOT_NOW))
        except Exception:
            logger.exception("a command of the Playground failed")
            self._refuse(given, InternalError("playground"))

    def _refuse(self, given: dict[str, Any], error: ApiError) -> None:
        about, run = given.get("type"), given.get("run")
        event = {
            "type": "error",
            "about": about if isinstance(about, str) and len(about) < 64 else None,
            "code": error.code,
            "message": error.message,
        }
        if isinstance(run, str) and len(run) < 64:
            event["run"] = run
        self._connection.say(event)

    async def _start(self, wanted: Start) -> None:
        """A run that is there already is told as to somebody who resumes it."""
        user = self._connection.user
        is_new = self._playground.runs.get(wanted.run, user.pk) is None
        try:
            if not await self._playground.is_signed_in(self._connection):
                return
            run = await starting.start(self._playground.stage, user, wanted)
            if wanted.run in self._unwanted:
                run.stop()
        except saving.StartedAlready:
            await self._resume(wanted.run, -1)
            return
        finally:
            self._starting.discard(wanted.run)
            self._unwanted.discard(wanted.run)
        if not self._connection.watches(run):
            self._connection.watch(run, -1)
        if is_new:
            self._tell_others(run)

    def _tell_others(self, run: Run) -> None:
        (accepted,) = run.buffer.events(-1)[:1]
        self._playground.tell_user(run.user_id, accepted, but=self._connection)

    async def _resume(self, run_id: str, after: int) -> None:
        user_id = self._connection.user.pk
        run = self._playground.runs.get(run_id, user_id)
        if run is not None:
            self._connection.watch(run, after)
            return
        found = await in_thread(lambda: kept.of_run(run_id, user_id))
        if found is None:
            raise NotFound(NO_RUN)
        self._connection.say(*found.events(after))

    def _stop(self, command: Stop) -> None:
        user_id = self._connection.user.pk
        self._unwanted |= self._starting.intersection(
            self._starting if command.runs is None else command.runs
        )
        for run in self._playground.runs.live(user_id):
            if command.runs is None or run.id in command.runs:
                run.stop()
