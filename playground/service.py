"""The Playground of one server process: all its runs, its open pages, and what goes on beside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from django.db import DatabaseError

from accounts import session_user
from accounts.models import User
from playground import connection as codes
from playground.buffer import Event
from playground.connection import Connection, Connections
from playground.pace import Pace
from playground.runs import TICK_S, Runs
from playground.saver import Saver, in_thread
from playground.starting import STARTS_PER_MINUTE_MAX, Stage
from routing.complete import Engine

# Who signs out keeps no open page longer than this; who asks for a run is looked at again sooner.
_SESSION_CHECK_S = 10.0
_SESSION_TRUSTED_S = 2.0


class Playground:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.runs = Runs()
        self.saver = Saver(self.runs)
        self.connections = Connections()
        self.stage = Stage(engine, self.runs, self.saver, Pace(STARTS_PER_MINUTE_MAX, 60.0))

    def watchers(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside, for the life of the process."""
        return [self.runs.tick(), self.runs.watch(), self.saver.watch(), self._check_sessions()]

    def opened(self, connection: Connection) -> bool:
        """A page is here; False where its person has too many of them."""
        if self.engine.register.draining:
            connection.end(codes.RESTART)
        return self.connections.add(connection)

    def closed(self, connection: Connection) -> None:
        connection.close()
        self.connections.remove(connection)

    def tell_user(self, user_id: int, event: Event, *, but: Connection | None = None) -> None:
        """All open pages of a person learn it."""
        for each in self.connections.of_user(user_id):
            if each is not but:
                each.say(event)

    async def is_signed_in(self, connection: Connection) -> bool:
        """Whether the page's person still is; asked again only after a moment."""
        if time.monotonic() < connection.checked_s + _SESSION_TRUSTED_S:
            return True
        try:
            user = await in_thread(lambda: session_user.signed_in(connection.session_key))
        except DatabaseError:
            # Nobody can tell; what costs money asks the ledger anyway.
            return True
        if _is_same(connection, user):
            connection.checked_s = time.monotonic()
            return True
        connection.end(codes.SIGNED_OUT)
        return False

    async def _check_sessions(self) -> None:
        while True:
            await asyncio.sleep(_SESSION_CHECK_S)
            for connection in self.connections.all():
                await self.is_signed_in(connection)

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


def _is_same(connection: Connection, user: User | None) -> bool:
    return user is not None and user.pk == connection.user.pk
