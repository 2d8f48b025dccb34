"""The Playground of one server process: all its runs, its open pages, and what goes on beside."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from accounts import session_user
from playground import connection as codes
from playground import lost, news, relay
from playground.buffer import Event
from playground.connection import Connection, Connections
from playground.forwarding import Forwards
from playground.hub import Hub
from playground.mirrors import Mirrors
from playground.objects import Objects
from playground.pace import Pace
from playground.runs import TICK_S, Runs
from playground.saver import Saver, in_thread
from playground.starting import STARTS_PER_MINUTE_MAX, Stage
from routing.complete import Engine

logger = logging.getLogger(__name__)

# Who signs out keeps no open page longer than this; who asks for a run is looked at again sooner.
_SESSION_CHECK_S = 10.0
_SESSION_TRUSTED_S = 2.0
_MIRROR_CHECK_S = 1.0
_COMMANDS_PER_SECOND_MAX = 50


class Playground:
    def __init__(self, engine: Engine) -> None:
        instance_id = engine.cashier.instance_id
        self.engine = engine
        self.runs = Runs()
        self.saver = Saver(self.runs)
        self.connections = Connections()
        self.stage = Stage(engine, self.runs, self.saver, Pace(STARTS_PER_MINUTE_MAX, 60.0))
        self.hub = Hub(instance_id, partial(relay.handle, self))
        self.mirrors = Mirrors(self.hub)
        self.forwards = Forwards(self.hub)
        self.objects = Objects(self.runs, self.hub)
        self._commands = Pace(_COMMANDS_PER_SECOND_MAX, 1.0)
        news.go_to(self.tell_user)

    def watchers(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside, for the life of the process."""
        return [
            self.runs.tick(),
            self.runs.watch(),
            self.saver.watch(),
            self.hub.run(),
            _each(_SESSION_CHECK_S, self._check_sessions),
            _each(_MIRROR_CHECK_S, self._check_mirrors),
            _each(settings.REAPER_INTERVAL_S, self._sweep),
        ]

    def opened(self, connection: Connection) -> bool:
        """A page is here; False where its person has too many of them."""
        if self.engine.register.draining:
            connection.end(codes.RESTART)
        if not self.connections.add(connection):
            return False
        self.hub.join(connection.user.pk)
        return True

    def closed(self, connection: Connection) -> None:
        connection.close()
        self.connections.remove(connection)
        if not self.connections.of_user(connection.user.pk):
            self.hub.leave(connection.user.pk)

    def tell_user(self, user_id: int, event: Event, *, but: Connection | None = None) -> None:
        """All open pages of a person learn it, in all processes."""
        self.tell_here(user_id, event, but=but)
        self.hub.post_user(user_id, {"type": "user", "user": user_id, "event": event})

    def tell_here(self, user_id: int, event: Event, *, but: Connection | None = None) -> None:
        for each in self.connections.of_user(user_id):
            if each is not but:
                each.say(event)

    def stop_runs(self, user_id: int, run_ids: list[str] | None) -> None:
        """Those of this person that are of this process."""
        for run in self.runs.live(user_id):
            if run_ids is None or run.id in run_ids:
                run.stop()

    def stop_everywhere(self, user_id: int, run_ids: list[str] | None) -> None:
        self.stop_runs(user_id, run_ids)
        if run_ids is None or not all(self.runs.is_known(each) for each in run_ids):
            self.hub.post_all({"type": "stop", "user": user_id, "runs": run_ids})

    def may_command(self, user_id: int) -> bool:
        """Commands that come one by one, beside a stream of events."""
        return self._commands.allows(user_id)

    def obey(self, name: str, user_id: int, frame: str) -> bool:
        """A command for the connection of this name; False where it is known to be closed."""
        connection = self.connections.by_id(name, user_id)
        if connection is not None:
            connection.obey(frame)
            return True
        owner = name.partition(".")[0]
        if owner == self.hub.instance_id or not self.hub.is_shared:
            return False
        message = {"type": "command", "connection": name, "user": user_id, "frame": frame}
        self.hub.post(owner, message)
        return True

    async def is_signed_in(self, connection: Connection) -> bool:
        """Whether the page's person still is; asked again only after a moment."""
        if time.monotonic() < connection.checked_s + _SESSION_TRUSTED_S:
            return True
        try:
            user = await in_thread(lambda: session_user.signed_in(connection.session_key))
        except DatabaseError:
            # Nobody can tell; what costs money asks the ledger anyway.
            return True
        if user is None or user.pk != connection.user.pk:
            connection.end(codes.SIGNED_OUT)
            return False
        connection.checked_s = time.monotonic()
        return True

    async def _check_sessions(self) -> None:
        for connection in self.connections.all():
            await self.is_signed_in(connection)

    async def _check_mirrors(self) -> None:
        await self.mirrors.check()
        self.forwards.forget()

    async def _sweep(self) -> None:
        await in_thread(lost.sweep)

    async def drain(self, drained: asyncio.Task[None]) -> None:
        """The server stops: each page is closed as soon as what it watches is told to its end."""
        while not drained.done():
            await asyncio.wait([drained], timeout=2 * TICK_S)
            for connection in self.connections.all():
                if connection.is_idle:
                    connection.end(codes.RESTART)
        # The last ends are told with the next tick.
        await asyncio.sleep(2 * TICK_S)
        for connection in self.connections.all():
            connection.end(codes.RESTART)
        while self.connections.all():
            await asyncio.sleep(TICK_S)

    async def stop(self) -> None:
        """After the drain: what was not yet written is written, if it can be."""
        await self.saver.save()


async def _each(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """For the life of the process; an outage of the database ends nothing."""
    is_failing = False
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
            is_failing = False
        except DatabaseError as error:
            if not is_failing:
                logger.warning("the Playground waits for the database: %s", type(error).__name__)
            is_failing = True
        except Exception:
            logger.exception("the Playground failed at its housekeeping; it will try again")
