"""One open page: what it watches, what it is told. A socket or a stream of events carries it.

It has no queue of what runs say. For each run it watches it keeps the number of the last event it
was told; whoever writes to it takes all that is new in one frame.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from django.conf import settings

from accounts.models import User
from playground.buffer import Event
from playground.kept import Kept
from playground.runs import Source

# Answers to its commands; more of them wait only where nobody reads.
_OUTBOX_MAX = 1_000
_WATCHED_MAX = 200
_PER_USER_MAX = 64

NO_RUN = "There is no such run."
SIGNED_OUT, TOO_MUCH, TOO_LARGE, RESTART, STALLED = 4401, 1008, 1009, 1012, 1013


@dataclass(slots=True)
class Watch:
    source: Source
    after: int
    waited: int


class Connection:
    """`ended` has the code it is to be closed with."""

    def __init__(self, user: User, session_key: str, instance_id: str) -> None:
        self.id = f"{instance_id}.{secrets.token_hex(16)}"
        self.user = user
        self.session_key = session_key
        self.checked_s = time.monotonic()
        # What takes its commands, where they do not come by itself.
        self.obey: Callable[[str | bytes], None] = _nothing
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watches: dict[str, Watch] = {}
        self._outbox: list[Event] = []
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    def say(self, *events: Event) -> None:
        """What belongs to no run, or is told once."""
        if len(self._outbox) + len(events) > _OUTBOX_MAX:
            self.end(TOO_MUCH)
            return
        self._outbox += events
        self.wake()

    def watches(self, source: Source) -> bool:
        return source.id in self._watches

    def watch(self, source: Source, after: int) -> None:
        """Tell what the run says, beginning after that event."""
        if source.id not in self._watches and len(self._watches) >= _WATCHED_MAX:
            self.end(TOO_MUCH)
            return
        source.watchers.add(self)
        self._watches[source.id] = Watch(source, after, source.waited[0])
        self.wake()

    def replace(self, source: Source, kept: Kept) -> None:
        """The run is known from its row only, from now on."""
        watch = self._watches.pop(source.id, None)
        source.watchers.discard(self)
        if watch is not None:
            self.say(*kept.events(watch.after))

    def unknown(self, source: Source) -> None:
        """No process has the run."""
        self._watches.pop(source.id, None)
        source.watchers.discard(self)
        error = {"about": "resume", "run": source.id, "code": 404, "message": NO_RUN}
        self.say({"type": "error", **error})

    def end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)

    def close(self) -> None:
        """Nobody reads any more; the runs go on."""
        for watch in self._watches.values():
            watch.source.watchers.discard(self)
        self._watches.clear()
        self.end(1000)

    @property
    def is_idle(self) -> bool:
        """Nothing that it watches is under way, and all was told."""
        return not self._watches and not self._outbox

    async def tell(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Write what is new, as long as somebody reads. Ends the connection when he does not."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                if events := self._take():
                    async with asyncio.timeout(settings.WRITE_STALL_TIMEOUT_S):
                        await write(orjson.dumps(events))
        except TimeoutError:
            self.end(STALLED)
        except OSError:
            self.end(1000)

    def _take(self) -> list[Event]:
        events, self._outbox = self._outbox, []
        for watch in tuple(self._watches.values()):
            events += self._news_of(watch)
        return events

    def _news_of(self, watch: Watch) -> list[Event]:
        source, log = watch.source, watch.source.buffer
        events = log.events(watch.after) if log.last > watch.after else []
        watch.after = max(watch.after, log.last)
        count, elapsed_s = source.waited
        if count > watch.waited:
            watch.waited = count
            if not events:
                events = [{"type": "run.processing", "run": source.id, "elapsed_s": elapsed_s}]
        if log.done is not None:
            del self._watches[source.id]
            source.watchers.discard(self)
        return events


def _nothing(frame: str | bytes) -> None:
    return None


class Connections:
    """All of this process."""

    def __init__(self) -> None:
        self._by_user: dict[int, set[Connection]] = {}

    def add(self, connection: Connection) -> bool:
        """False where this person has as many as anybody may have."""
        own = self._by_user.setdefault(connection.user.pk, set())
        if len(own) >= _PER_USER_MAX:
            return False
        own.add(connection)
        return True

    def remove(self, connection: Connection) -> None:
        own = self._by_user.get(connection.user.pk, set())
        own.discard(connection)
        if not own:
            self._by_user.pop(connection.user.pk, None)

    def of_user(self, user_id: int) -> tuple[Connection, ...]:
        return tuple(self._by_user.get(user_id, ()))

    def by_id(self, name: str, user_id: int) -> Connection | None:
        return next((each for each in self.of_user(user_id) if each.id == name), None)

    def all(self) -> tuple[Connection, ...]:
        return tuple(each for own in self._by_user.values() for each in own)

    def users(self) -> tuple[int, ...]:
        return tuple(self._by_user)
