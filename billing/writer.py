"""The one durable writer of a process: a thread that commits many operations at once.

Whoever submits waits until his operation is committed; nothing is acknowledged before. While a
commit is under way the next operations gather, so the disk's pace sets the size of a batch (group
commit, design/money.md).
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sys
import threading
import time
from contextlib import closing
from typing import Any

from billing import batch
from billing.capture import Recover, Settle
from billing.journal import Journal
from billing.ledger import Admit, Operation
from billing.refusals import LedgerError
from openrouter_site.database import OUTAGES, Connection, connect
from openrouter_site.errors import Unavailable

logger = logging.getLogger(__name__)

_BATCH_MAX = 256
_QUEUE_MAX = 2_000
# With the interpreter's 5 ms a busy event loop makes the writer wait that long at every statement,
# until the database takes its open transaction for abandoned.
_THREAD_SWITCH_S = 0.0005
# Under load a commit shared by more is cheaper for all: after a batch that was shared, the next one
# gathers for a moment. Where requests come one by one, nobody waits.
_SHARED_BY = 3
_GATHER_S = 0.004
_RETRY_DELAYS_S = (0.0, 0.05, 0.2)
_OUTAGE_DEADLINE_S = 6.0

Submission = tuple[Operation, "asyncio.Future[Any]"]


class LedgerDown(Exception):
    """The database did not take the operation; it is neither committed nor in the journal."""


class Writer:
    """Start it inside a running event loop; `submit` from that loop only."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._queue: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()
        self._pending = 0
        self._stopping = False
        self._connection: Connection | None = None
        self._healthy = True
        # Holds that may be in the database although whoever asked for them was told that they
        # are not: the answers to their COMMIT were lost.
        self._doubtful: list[Operation] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        sys.setswitchinterval(min(sys.getswitchinterval(), _THREAD_SWITCH_S))
        self._thread.start()

    async def stop(self) -> None:
        """After what was submitted is committed. Nothing can be submitted any more."""
        self._stopping = True
        self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    def submit(self, operation: Operation) -> asyncio.Future[Any]:
        """The outcome once it is durable: what `apply` returned; raises LedgerError or LedgerDown.

        Raises Unavailable at once when too much is waiting: a shed request costs nothing.
        """
        if self._stopping:
            raise LedgerDown("the writer has stopped")
        if self._pending >= _QUEUE_MAX and not isinstance(operation, Settle):
            raise Unavailable("Too many requests are waiting to be billed.", retry_after_s=1)
        assert self._loop is not None, "the writer was not started"
        future = self._loop.create_future()
        self._pending += 1
        self._queue.put((operation, future))
        return future

    def _run(self) -> None:
        running, shared = True, False
        while running and (first := self._queue.get()) is not None:
            if shared:
                time.sleep(_GATHER_S)
            submissions = [first]
            while len(submissions) < _BATCH_MAX and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    running = False
                    break
                submissions.append(following)
            shared = len(submissions) > _SHARED_BY
            outcomes = self._commit([operation for operation, _ in submissions])
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._resolve, submissions, outcomes)
            if self._doubtful and self._healthy:
                self._release_doubtful()
        self._disconnect()

    def _resolve(self, submissions: list[Submission], outcomes: list[Any]) -> None:
        self._pending -= len(submissions)
        for (_, future), outcome in zip(submissions, outcomes, strict=True):
            if future.cancelled():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
                # Fire-and-forget callers (progress) never look; that is no error of theirs.
                future.exception()
            else:
                future.set_result(outcome)

    def _commit(self, operations: list[Operation]) -> list[Any]:
        try:
            return self._attempt(operations)
        except OUTAGES as outage:
            said = str(outage).partition("\n")[0]
            logger.error(
                "the database does not take operations: %s: %s", type(outage).__name__, said
            )
            return [self._without_database(operation) for operation in operations]
        except Exception:
            self._disconnect()
            if len(operations) > 1:
                # One of them breaks a rule of the database: find it, let the others pass.
                return [self._commit([operation])[0] for operation in operations]
            logger.exception("operation %s failed", type(operations[0]).__name__)
            return [self._without_database(operations[0])]

    def _attempt(self, operations: list[Operation]) -> list[Any]:
        """Run the batch; after an outage again, on a new connection: all may be repeated."""
        deadline_s = time.monotonic() + _OUTAGE_DEADLINE_S
        delays = _RETRY_DELAYS_S if self._healthy else _RETRY_DELAYS_S[:1]
        for number, delay_s in enumerate(delays, 1):
            if delay_s:
                time.sleep(delay_s)
            try:
                if self._connection is None:
                    self._connection = connect()
                outcomes = batch.run(self._connection, operations)
            except OUTAGES:
                self._disconnect()
                if number == len(delays) or time.monotonic() > deadline_s:
                    self._healthy = False
                    raise
            else:
                self._healthy = True
                return outcomes
        raise AssertionError("unreachable")

    def _release_doubtful(self) -> None:
        """Nobody will settle them, and recovery would wait until they expire."""
        doubtful, self._doubtful = self._doubtful, []
        try:
            self._attempt(doubtful)
        except OUTAGES:
            self._doubtful = doubtful
        except Exception:
            self._disconnect()
            logger.exception("%d holds may stay open until they expire", len(doubtful))

    def _without_database(self, operation: Operation) -> Any:
        """Settlements go to the journal, everything else fails."""
        if isinstance(operation, Admit) and operation.amount_nano:
            self._doubtful.append(
                Recover(
                    account_id=operation.account_id,
                    key_id=operation.key_id,
                    hold_id=operation.hold_id,
                )
            )
        if isinstance(operation, Settle):
            try:
                self._journal.append(operation)
            except OSError:
                logger.exception("a settlement is neither in the database nor in the journal")
            else:
                return operation.cost_nano
        return LedgerDown("the ledger cannot be written right now")

    def _disconnect(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except Exception:
                logger.debug("closing a broken connection failed", exc_info=True)
            self._connection = None


def run_now(operation: Operation) -> Any:
    """One operation in a transaction of its own, from synchronous code.

    Raises LedgerError, or one of OUTAGES when the database does not take it.
    """
    for number, delay_s in enumerate(_RETRY_DELAYS_S, 1):
        time.sleep(delay_s)
        try:
            with closing(connect()) as connection:
                (outcome,) = batch.run(connection, [operation])
        except OUTAGES:
            if number == len(_RETRY_DELAYS_S):
                raise
            continue
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome
    raise AssertionError("unreachable")
