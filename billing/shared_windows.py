"""The windows of `billing.windows` in Redis, for all processes together.

What is asked while an answer of Redis is under way goes with the next call, so there is one
connection and one call at a time, however many requests wait. Redis that is down, slow or full is
left alone after a few calls and asked again each second; until then `take` raises RedisAway at
once, and the caller counts in its own process. Redis holds nothing that cannot be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError

from billing.windows import Day, Verdict, Window

logger = logging.getLogger(__name__)

SCRIPT = Path(__file__).with_name("windows.lua").read_text()
_DIGEST = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_GIVE_BACK = """
    local kept = redis.call('HMGET', KEYS[1], 'day', 'used')
    if kept[1] == ARGV[1] and tonumber(kept[2]) > 0 then
      redis.call('HINCRBY', KEYS[1], 'used', -1)
    end
"""

_FAILURES_MAX = 3
_RETRY_INTERVAL_S = 1.0
_BATCH_MAX = 128

_OUTAGES = (redis.RedisError, OSError, TimeoutError)


class RedisAway(Exception):
    """Nobody counts there now."""


class Asked(NamedTuple):
    account_id: str
    windows: Sequence[Window]
    day: Day | None


def encoded(batch: Sequence[Asked]) -> tuple[list[str], list[int]]:
    """KEYS and ARGV of the script."""
    keys: list[str] = []
    arguments: list[int] = []
    for account_id, windows, day in batch:
        arguments.append(len(windows))
        for name, limit, length_us in windows:
            keys.append(f"openrouter:limits:{account_id}:{name}")
            arguments += (limit, length_us)
        if day is None:
            arguments += (0, 0, 0)
        else:
            keys.append(_day_key(account_id))
            arguments += day
    return keys, arguments


def _day_key(account_id: str) -> str:
    return f"openrouter:limits:{account_id}:day"


def decoded(answers: Sequence[int]) -> list[Verdict]:
    return [Verdict(*answers[place : place + 3]) for place in range(0, len(answers), 3)]


class SharedWindows:
    """Of one process and one event loop. `watch` must run for as long as it is used.

    A request waits for two calls at most, the one under way and its own: twice `call_timeout_s`.
    """

    def __init__(self, url: str, call_timeout_s: float) -> None:
        self._call_timeout_s = call_timeout_s
        # One call at a time, and beside it the rare give_back.
        self._client = redis.from_url(
            url,
            socket_connect_timeout=call_timeout_s,
            socket_timeout=call_timeout_s,
            retry=Retry(NoBackoff(), 0),
            max_connections=4,
        )
        self._asked: list[tuple[Asked, asyncio.Future[Verdict]]] = []
        self._caller: asyncio.Task[None] | None = None
        self._failures = 0
        self._away = asyncio.Event()

    @property
    def is_away(self) -> bool:
        return self._away.is_set()

    async def take(self, asked: Asked) -> Verdict:
        """`Windows.take`; raises RedisAway when Redis does not answer in time."""
        if self._away.is_set():
            raise RedisAway
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Verdict] = loop.create_future()
        self._asked.append((asked, verdict))
        if self._caller is None or self._caller.done():
            self._caller = loop.create_task(self._call())
        return await verdict

    async def give_back(self, account_id: str, day: int) -> None:
        """`Windows.give_back`; when Redis is away the day stays one request shorter."""
        if self._away.is_set():
            return
        with contextlib.suppress(*_OUTAGES):
            async with asyncio.timeout(self._call_timeout_s):
                # The type of eval in redis-py is a union of both of its clients.
                await self._client.eval(_GIVE_BACK, 1, _day_key(account_id), str(day))

    async def _call(self) -> None:
        """Call until nobody waits."""
        while self._asked:
            batch = self._asked[:_BATCH_MAX]
            del self._asked[:_BATCH_MAX]
            try:
                async with asyncio.timeout(self._call_timeout_s):
                    verdicts = await self._run([asked for asked, _ in batch])
            except Exception as error:
                # Also for an answer that makes no sense: nobody may wait for ever.
                self._failed(error, [verdict for _, verdict in batch])
            except BaseException:
                _refuse([verdict for _, verdict in (*batch, *self._asked)])
                raise
            else:
                self._failures = 0
                for (_, waiting), verdict in zip(batch, verdicts, strict=True):
                    if not waiting.done():
                        waiting.set_result(verdict)

    async def _run(self, batch: list[Asked]) -> list[Verdict]:
        keys, arguments = encoded(batch)
        try:
            answers = await self._client.evalsha(_DIGEST, len(keys), *keys, *arguments)
        except NoScriptError:
            # A new Redis, or a flushed one.
            answers = await self._client.eval(SCRIPT, len(keys), *keys, *arguments)
        return decoded(answers)

    def _failed(self, error: BaseException, waiting: list[asyncio.Future[Verdict]]) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_MAX and not self._away.is_set():
            self._away.set()
            logger.warning(
                "rate limits are counted by each process alone, Redis is away: %s",
                error or type(error).__name__,
            )
        if self._away.is_set():
            waiting += [verdict for _, verdict in self._asked]
            self._asked.clear()
        _refuse(waiting)

    async def watch(self) -> None:
        """For the life of the process: ask again while it is away. Ends when cancelled."""
        try:
            await self._warn_of_eviction()
            while True:
                await self._away.wait()
                await asyncio.sleep(_RETRY_INTERVAL_S)
                if await self._answers():
                    self._failures = 0
                    self._away.clear()
                    logger.info("rate limits are shared through Redis again")
        finally:
            with contextlib.suppress(*_OUTAGES):
                await self._client.aclose()

    async def _answers(self) -> bool:
        """Whether Redis takes writes again, and in time: one that is full answers a PING too."""
        try:
            async with asyncio.timeout(self._call_timeout_s):
                await self._client.set("openrouter:limits:probe", 1, px=1000)
        except _OUTAGES:
            return False
        return True

    async def _warn_of_eviction(self) -> None:
        with contextlib.suppress(*_OUTAGES):
            async with asyncio.timeout(_RETRY_INTERVAL_S):
                found = await self._client.info("memory")
            policy = found.get("maxmemory_policy", "noeviction")
            if found.get("maxmemory") and policy != "noeviction":
                logger.warning(
                    "Redis may forget rate limits when it is full (maxmemory-policy %s):"
                    " use noeviction",
                    policy,
                )


def _refuse(waiting: list[asyncio.Future[Verdict]]) -> None:
    for verdict in waiting:
        if not verdict.done():
            verdict.set_exception(RedisAway())
