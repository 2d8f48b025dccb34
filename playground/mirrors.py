"""Runs of other processes, as pages of this one watch them.

A mirror holds the same entries under the same numbers as the run itself, from the first on. While
its owner is silent, the row is looked at: the owner may be gone, and the run lost.
"""

from __future__ import annotations

import time
from typing import Any

from playground import instances, kept, lost
from playground.buffer import Buffer
from playground.connection import Connection
from playground.hub import Hub, Message
from playground.kept import Kept
from playground.runs import Watcher
from playground.saver import in_thread

_SILENT_S = 4.0
_UNWATCHED_S = 30.0
# So long the processes have to say whose a run is that is in no row.
_UNKNOWN_S = 2.0


class Mirror:
    """`owner` is "" while nobody has said that it is his."""

    def __init__(self, run: str, user_id: int, owner: str) -> None:
        self.id = run
        self.user_id = user_id
        self.owner = owner
        self.buffer = Buffer(run)
        self.watchers: set[Watcher] = set()
        self.waited = (0, 0.0)
        self.heard_s = self.watched_s = time.monotonic()

    def take(self, start: int, entries: list[Any]) -> bool:
        """Whether they follow what is there."""
        self.heard_s = time.monotonic()
        if start > self.buffer.last + 1:
            return False
        for kind, payload in entries[self.buffer.last + 1 - start :]:
            self.buffer.add(kind, payload)
        return True

    def wake(self) -> None:
        for watcher in tuple(self.watchers):
            watcher.wake()

    def connections(self) -> list[Connection]:
        return [each for each in self.watchers if isinstance(each, Connection)]

    def replace(self, found: Kept) -> None:
        for connection in self.connections():
            connection.replace(self, found)


class Mirrors:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._by_run: dict[str, Mirror] = {}

    def get(self, run_id: str, user_id: int) -> Mirror | None:
        mirror = self._by_run.get(run_id)
        return mirror if mirror is not None and mirror.user_id == user_id else None

    def open(self, run_id: str, user_id: int, owner: str) -> Mirror:
        """Of the run of that process; of whichever has it, where it is not known."""
        mirror = self._by_run[run_id] = Mirror(run_id, user_id, owner)
        self._ask(mirror)
        return mirror

    def _ask(self, mirror: Mirror) -> None:
        message = {"run": mirror.id, "user": mirror.user_id, "after": mirror.buffer.last}
        if mirror.owner:
            self._hub.post(mirror.owner, {"type": "watch", **message})
        else:
            self._hub.post_all({"type": "watch", **message})

    def take(self, message: Message) -> None:
        """News of runs."""
        for piece in message["runs"]:
            mirror = self._by_run.get(piece["run"])
            if mirror is None:
                self._hub.post(message["from"], {"type": "unwatch", "run": piece["run"]})
                continue
            mirror.owner = message["from"]
            if not mirror.take(piece["start"], piece["entries"]):
                self._ask(mirror)
            mirror.waited = (piece["waited"][0], piece["waited"][1])
            mirror.wake()

    async def check(self) -> None:
        """Forget those that nobody watches, ask after those that are silent."""
        now_s = time.monotonic()
        for mirror in tuple(self._by_run.values()):
            if mirror.watchers:
                mirror.watched_s = now_s
            elif now_s > mirror.watched_s + _UNWATCHED_S or mirror.buffer.done:
                self._drop(mirror)
                continue
            patience_s = _SILENT_S if mirror.owner else _UNKNOWN_S
            if mirror.buffer.done is None and now_s > mirror.heard_s + patience_s:
                mirror.heard_s = now_s
                await self._look(mirror)

    def _drop(self, mirror: Mirror) -> None:
        self._by_run.pop(mirror.id, None)
        if mirror.owner:
            self._hub.post(mirror.owner, {"type": "unwatch", "run": mirror.id})

    async def _look(self, mirror: Mirror) -> None:
        """What its row says; of a temporary chat, what became of its owner."""
        found = await in_thread(lambda: kept.of_run(mirror.id, mirror.user_id))
        if found is None and mirror.owner:
            found = await in_thread(lambda: _of_temporary(mirror))
            if found is None:
                return
        if found is None:
            for connection in mirror.connections():
                connection.unknown(mirror)
            self._drop(mirror)
        elif found.done is not None:
            mirror.replace(found)
            self._drop(mirror)
        else:
            # Its owner may have missed that we watch.
            mirror.owner = found.instance_id
            self._ask(mirror)


def _of_temporary(mirror: Mirror) -> Kept | None:
    """None while its owner lives, or nobody knows yet what it cost."""
    if instances.is_alive(mirror.owner):
        return None
    events = mirror.buffer.events(-1)
    generation_id = events[0]["generation"] if events else ""
    done = lost.done_of(generation_id)
    if done is None:
        return None
    return Kept(mirror.id, mirror.buffer.last, mirror.owner, mirror.buffer.message(), done)
