"""What a page asks for is done here, whichever way it came (socket, or POST beside a stream)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from django.db import DatabaseError

from openrouter_site.errors import ApiError, InternalError, NotFound, TooManyRequests
from playground import commands, estimates, instances, kept, saving, starting
from playground.commands import Command, Estimate, Ping, Resume, Start, Stop
from playground.connection import NO_RUN, Connection
from playground.kept import Kept
from playground.paying import NOT_NOW
from playground.run import Run
from playground.saver import in_thread
from playground.service import Playground

logger = logging.getLogger(__name__)

# At once, of one page.
_TASKS_MAX = 32


class Obeying:
    """The commands of one page. What takes time is done beside, so that Stop never waits."""

    def __init__(self, playground: Playground, connection: Connection) -> None:
        self._playground = playground
        self._connection = connection
        self._tasks: set[asyncio.Task[None]] = set()
        # Runs that were asked for and are not there yet, and those of them to be stopped already.
        self._starting: set[str] = set()
        self._unwanted: set[str] = set()
        self._estimating = asyncio.Lock()
        self._estimate_wanted: Estimate | None = None

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
                await self._estimate(command)
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
        if run.start.chat is not None:
            changed = {"type": "chat.changed", "chat": run.start.chat}
            self._playground.tell_user(run.user_id, changed, but=self._connection)

    async def _resume(self, run_id: str, after: int) -> None:
        user_id = self._connection.user.pk
        runs, mirrors = self._playground.runs, self._playground.mirrors
        source = runs.get(run_id, user_id) or mirrors.get(run_id, user_id)
        if source is not None:
            self._connection.watch(source, after)
            return
        found = await in_thread(lambda: kept.of_run(run_id, user_id))
        if found is None:
            # It may be a temporary chat's, in another process.
            if runs.is_known(run_id) or not self._playground.hub.is_shared:
                raise NotFound(NO_RUN)
            self._connection.watch(mirrors.open(run_id, user_id, ""), after)
        elif found.done is not None:
            self._connection.say(*found.events(after))
        else:
            await self._mirror(found, after)

    async def _mirror(self, found: Kept, after: int) -> None:
        """It runs in another process, or did when that died: then what was kept is shown, and the
        end will be told when it is settled."""
        is_alive = await in_thread(lambda: instances.is_alive(found.instance_id))
        if not (is_alive and self._playground.hub.is_shared):
            self._connection.say(*found.events(after))
            after = max(after, found.sequence)
        user_id = self._connection.user.pk
        mirrors = self._playground.mirrors
        source = mirrors.get(found.run, user_id)
        source = source or mirrors.open(found.run, user_id, found.instance_id)
        self._connection.watch(source, after)

    async def _estimate(self, wanted: Estimate) -> None:
        """One at a time; of those that came meanwhile only the last matters."""
        self._estimate_wanted = wanted
        async with self._estimating:
            if self._estimate_wanted is not wanted:
                return
            engine, user = self._playground.engine, self._connection.user
            self._connection.say(await estimates.estimate(engine, user, wanted))

    def _stop(self, command: Stop) -> None:
        self._unwanted |= self._starting.intersection(
            self._starting if command.runs is None else command.runs
        )
        runs = None if command.runs is None else list(command.runs)
        self._playground.stop_everywhere(self._connection.user.pk, runs)
