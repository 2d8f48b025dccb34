"""The task that owns one request to its end, and the register of all that live.

The client's connection may go at any time; the exchange goes on until the money is settled. It is
never cancelled from outside: whoever wants it to stop tells it why (`abandon`, `end`).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from billing.holds import Hold
from openrouter_site.errors import (
    ApiError,
    PaymentRequired,
    RequestTimeout,
    Unauthorized,
    Unavailable,
)
from routing.explanation import Explanation
from routing.upstream import Answer

logger = logging.getLogger(__name__)

_DRAINS_MAX = 64
_TICKS_PER_PROGRESS = 4
# Where few requests are in flight, so many of them may try again, whatever their share.
_RETRIES_MIN = 10


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds, each inside its parent (design/streaming.md section 3)."""

    request_s: float
    attempt_s: float
    first_content_s: float
    chunk_gap_s: float
    write_stall_s: float
    tick_s: float


class ClientGone(Exception):
    """The caller closed the connection, or does not read."""


class Exchange:
    """One request, from its plan to its settlement. Times are monotonic seconds."""

    __slots__ = (
        "answer", "cancellable", "cost_nano", "deadline_s", "delivered_characters", "ended_by",
        "explain", "explanation", "gone", "hold", "id", "interrupted", "model_id",
        "price_completion_pico", "prompt_nano", "provider_name", "register", "started_s",
        "stream", "system_fingerprint", "task", "timer", "tried", "usage", "writer",
        "writing_since_s",
    )  # fmt: skip

    def __init__(self, register: Register, id: str, *, stream: bool, explain: bool = False) -> None:
        self.register = register
        self.id = id
        self.stream = stream
        self.task: asyncio.Task[None] | None = None
        self.started_s = time.monotonic()
        self.deadline_s = math.inf
        self.answer: Answer | None = None
        self.timer: asyncio.Timeout | None = None
        # Told when an answer is stopped from outside, for providers that must be told in turn.
        self.interrupted: Callable[[], None] | None = None
        # Told of each attempt when it begins: (provider's name, model's id).
        self.tried: Callable[[str, str], None] | None = None
        self.hold: Hold | None = None
        self.gone = False
        self.ended_by: ApiError | None = None
        self.explain = explain
        self.explanation: Explanation | None = None
        self.cancellable = True
        self.model_id = ""
        self.provider_name = ""
        self.system_fingerprint: str | None = None
        self.delivered_characters = 0
        self.prompt_nano = 0
        self.price_completion_pico = 0
        self.usage: dict[str, Any] = {}
        self.cost_nano = 0
        self.writer: asyncio.Task[Any] | None = None
        self.writing_since_s = math.inf

    def metadata(self) -> dict[str, Any] | None:
        """`openrouter_metadata`, for a caller who asked for it."""
        return self.explanation.document() if self.explain and self.explanation else None

    def abandon(self) -> None:
        """The client is gone. A stream stops where the provider can be stopped; others run on."""
        if self.gone:
            return
        self.gone = True
        if self.stream and (self.cancellable or not self.register.may_drain()):
            self._interrupt(ClientGone())

    def end(self, error: ApiError) -> None:
        """Stop with this error: the key was revoked, the answer is too slow, the server stops."""
        if self.ended_by is None:
            self.ended_by = error
            self._interrupt(error)

    def _interrupt(self, reason: Exception) -> None:
        if self.interrupted is not None:
            self.interrupted()
        if self.answer is not None and self.stream:
            self.answer.abort(reason)
        elif self.timer is not None:
            self.timer.reschedule(asyncio.get_running_loop().time())

    def check(self) -> None:
        """Raise why nothing more should be tried, if so."""
        if self.ended_by is not None:
            raise self.ended_by
        if self.gone and self.stream:
            raise ClientGone

    def note_progress(self) -> None:
        """What a crash now would have to charge: prompt, and a token per four characters."""
        if self.hold is not None and self.delivered_characters:
            tokens = self.delivered_characters // 4
            cost_nano = self.prompt_nano + tokens * self.price_completion_pico // 1000
            self.hold.progress(cost_nano, tokens)


class Register:
    """All exchanges of this process, watched four times a second."""

    def __init__(self, deadlines: Deadlines, retry_share: float = 0.2) -> None:
        self.deadlines = deadlines
        self.retry_share = retry_share
        self.live: set[Exchange] = set()
        self._asides: set[asyncio.Task[None]] = set()
        self.retrying = 0
        self.draining = False

    def start(self, exchange: Exchange, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in a task of its own that nobody cancels."""
        task = exchange.task = asyncio.get_running_loop().create_task(work)
        self.live.add(exchange)
        task.add_done_callback(lambda done: self._finished(exchange, done))
        return task

    def _finished(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        self.live.discard(exchange)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("exchange %s failed", exchange.id, exc_info=error)

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what nobody waits for; it must raise nothing and end soon by itself."""
        task = asyncio.get_running_loop().create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def may_drain(self) -> bool:
        """Whether one more abandoned stream may run on (for providers that cannot be stopped)."""
        abandoned = sum(exchange.gone and not exchange.cancellable for exchange in self.live)
        return abandoned <= _DRAINS_MAX

    def refuse_while_draining(self) -> None:
        """Raises Unavailable when nothing new may begin."""
        if self.draining:
            raise Unavailable("The server is restarting. Try again.", retry_after_s=1)

    def may_retry(self) -> bool:
        """Whether the retry budget has room for one more attempt beyond a request's first."""
        return self.retrying < max(_RETRIES_MIN, self.retry_share * len(self.live))

    async def watch(self) -> None:
        """For the life of the process: deadlines, stalled readers, progress."""
        tick = 0
        while True:
            await asyncio.sleep(self.deadlines.tick_s)
            tick += 1
            now = time.monotonic()
            for exchange in tuple(self.live):
                self._watch(exchange, now)
                if tick % _TICKS_PER_PROGRESS == 0 and exchange.stream:
                    exchange.note_progress()

    def _watch(self, exchange: Exchange, now: float) -> None:
        if now > min(exchange.deadline_s, exchange.started_s + self.deadlines.request_s):
            exchange.end(RequestTimeout("The model stopped answering."))
        if (
            now > exchange.writing_since_s + self.deadlines.write_stall_s
            and exchange.writer is not None
        ):
            # The one place where a task may be cancelled: it waits for who does not read.
            exchange.writing_since_s = math.inf
            exchange.abandon()
            exchange.writer.cancel()
        hold = exchange.hold
        if hold is not None and hold.refused:
            exchange.end(
                Unauthorized("The API key was disabled.")
                if hold.refused == "key"
                else PaymentRequired("The account was frozen.")
            )

    async def drain(self, timeout_s: float) -> None:
        """Let what lives finish; after `timeout_s` end it in-band, settled all the same."""
        self.draining = True
        await self._wait(timeout_s)
        for exchange in tuple(self.live):
            exchange.end(Unavailable("The server is restarting. Try again.", retry_after_s=1))
        await self._wait(10.0)

    async def _wait(self, timeout_s: float) -> None:
        tasks = [exchange.task for exchange in self.live if exchange.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
