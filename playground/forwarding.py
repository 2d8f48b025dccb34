"""What runs of this process say, to other processes whose pages watch them.

For each of those there is one reader, with a number for each run as a page has. It sends all that
is new in one message, at most every tick, and sends it again where the layer was full.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from playground.hub import Hub
from playground.runs import TICK_S, Run

_ENTRIES_MAX = 2_000
# Who takes nothing for so long is gone.
_PATIENCE_S = 60.0


@dataclass(slots=True)
class _Watch:
    run: Run
    after: int
    waited: int = 0


class Forward:
    """To one other process."""

    def __init__(self, hub: Hub, instance_id: str) -> None:
        self._hub = hub
        self._instance_id = instance_id
        self._watches: dict[str, _Watch] = {}
        self._news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._news.set()

    def watch(self, run: Run, after: int) -> None:
        run.watchers.add(self)
        self._watches[run.id] = _Watch(run, after)
        self.wake()
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._tell())

    def unwatch(self, run_id: str) -> None:
        watch = self._watches.pop(run_id, None)
        if watch is not None:
            watch.run.watchers.discard(self)
        self.wake()

    async def _tell(self) -> None:
        """Until nothing is watched any more."""
        taken_s = time.monotonic()
        while self._watches:
            await self._news.wait()
            self._news.clear()
            if await self._send():
                taken_s = time.monotonic()
            elif time.monotonic() > taken_s + _PATIENCE_S:
                for run_id in tuple(self._watches):
                    self.unwatch(run_id)
            await asyncio.sleep(TICK_S)

    async def _send(self) -> bool:
        """Whether the layer took what is new."""
        pieces, watches = [], tuple(self._watches.values())
        for watch in watches:
            entries = watch.run.buffer.entries(watch.after, _ENTRIES_MAX)
            waited = watch.run.waited
            if entries or waited[0] > watch.waited:
                start = watch.after + 1
                piece = {"run": watch.run.id, "start": start, "entries": entries}
                pieces.append((watch, piece | {"waited": waited}))
        if not pieces:
            return True
        message = {"type": "entries", "runs": [piece for _, piece in pieces]}
        if not await self._hub.send(self._instance_id, message):
            self.wake()
            return False
        for watch, piece in pieces:
            watch.after += len(piece["entries"])  # type: ignore[arg-type]
            watch.waited = piece["waited"][0]  # type: ignore[index]
            log = watch.run.buffer
            if watch.after < log.last:
                self.wake()
            elif log.done is not None:
                self.unwatch(watch.run.id)
        return True


class Forwards:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._by_instance: dict[str, Forward] = {}

    def watch(self, instance_id: str, run: Run, after: int) -> None:
        forward = self._by_instance.get(instance_id)
        if forward is None:
            forward = self._by_instance[instance_id] = Forward(self._hub, instance_id)
        forward.watch(run, after)

    def unwatch(self, instance_id: str, run_id: str) -> None:
        if (forward := self._by_instance.get(instance_id)) is not None:
            forward.unwatch(run_id)

    def forget(self) -> None:
        """Those that watch nothing."""
        for instance_id, forward in tuple(self._by_instance.items()):
            if forward.task is None or forward.task.done():
                del self._by_instance[instance_id]
