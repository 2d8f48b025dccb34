"""Rate limits of an account, whichever of its keys asks (seed, section Limits).

    surge        200 requests a second, of whatever kind
    credits      other models than `:free`: one a second for each credit left, at least 1
    free_minute  models whose id ends in `:free`: 20 a minute
    free_day     ... and 200 a UTC day; requests that gave nothing do not count
    dataset_*    30 requests for datasets a minute with one key, 500 in 24 hours of one account

With Redis all processes count together (`billing.shared_windows`); without it, or while it is
away, each counts its share (`billing.windows`). Limits are no money: when nobody can tell, the
request goes on, and the ledger decides.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from django.conf import settings
from django.db import Error as DatabaseTrouble

from accounts.keys import Key
from billing.limit_figures import FREE_SUFFIX, load_credits, load_free_today, rate_for
from billing.limit_refusals import refused
from billing.shared_windows import Asked, RedisAway, SharedWindows
from billing.windows import DAY_US, SECOND_US, Day, Verdict, Window, Windows
from openrouter_site.cell import CellMap

_CREDITS_TTL_S = 3.0
# An own count of the day is exact; this is for what other processes count without Redis.
_FREE_TODAY_TTL_S = 60.0
_STALE_S = 3600.0
_ACCOUNTS_IN_MEMORY = 10_000

_Asks = tuple[Window, ...]

# openrouter-today 1.16.
_DATASET_MINUTE: _Asks = (Window("dataset_minute", 30, 60 * SECOND_US),)
_DATASET_DAY: _Asks = (Window("dataset_day", 500, DAY_US),)


def is_free(name: str) -> bool:
    """Whether a model as a caller writes it is a free variant (`:free:floor` is one, sorted)."""
    return name.endswith(FREE_SUFFIX) or f"{FREE_SUFFIX}:" in name


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an admitted request took; `ended` gives back what it did not use.

    `without_free`: its free models must not be used now, the others may.
    """

    limiter: Limiter | None = None
    account_id: str = ""
    day: int = -1
    is_shared: bool = False
    without_free: bool = False

    async def ended(self, model_id: str | None) -> None:
        """The request is over: this model answered ("": the caller did not wait for it), or None:
        it failed and gave nothing."""
        if self.limiter is None or self.day < 0:
            return
        if model_id is None or (model_id and not is_free(model_id)):
            await self.limiter.give_back(self)


_NOTHING_TAKEN = Ticket()


class Limiter:
    """One for each server process. `watch` runs beside it when there is a Redis."""

    def __init__(
        self,
        *,
        surge: int,
        free_per_minute: int,
        free_per_day: int,
        processes: int,
        redis_url: str,
        redis_timeout_s: float,
    ) -> None:
        self._surge = Window("surge", surge, SECOND_US)
        self._free: _Asks = (Window("free_minute", free_per_minute, 60 * SECOND_US),)
        self._free_only: _Asks = (self._surge, *self._free)
        self._free_per_day = free_per_day
        # By requests per second; the first is never used.
        self._paid: list[_Asks] = [
            (self._surge, Window("credits", rate, SECOND_US)) for rate in range(surge + 1)
        ]
        self._own = Windows(processes)
        self._reads = Windows(processes)
        self._reading = threading.Lock()
        self._shared = SharedWindows(redis_url, redis_timeout_s) if redis_url else None
        self._credits = CellMap(
            load_credits, ttl_s=_CREDITS_TTL_S, stale_s=_STALE_S, size=_ACCOUNTS_IN_MEMORY
        )
        self._free_today = CellMap(
            load_free_today, ttl_s=_FREE_TODAY_TTL_S, stale_s=_STALE_S, size=_ACCOUNTS_IN_MEMORY
        )

    @classmethod
    def from_settings(cls) -> Self:
        return cls(
            surge=settings.RATE_LIMIT_SURGE,
            free_per_minute=settings.FREE_REQUESTS_PER_MINUTE,
            free_per_day=settings.FREE_REQUESTS_PER_DAY,
            processes=settings.WORKERS,
            redis_url=settings.REDIS_URL,
            redis_timeout_s=settings.RATE_LIMIT_REDIS_TIMEOUT_S,
        )

    async def admit(self, key: Key, names: Sequence[str]) -> Ticket:
        """Let a request for these models pass; raises RateLimited.

        One that names free and other models is for the others; the free ones among them may be used
        while the free limits allow.
        """
        account_id = key.account_id
        free = 0
        for name in names:
            free += is_free(name)
        if free < len(names):
            windows = self._paid[await self._rate(key)]
            verdict, _ = await self._take(account_id, windows)
            if verdict.refused_by >= 0:
                raise refused(windows, None, verdict)
            if not free:
                return _NOTHING_TAKEN
        windows = self._free if free < len(names) else self._free_only
        day = await self._day(account_id)
        verdict, is_shared = await self._take(account_id, windows, day)
        if verdict.refused_by < 0:
            return Ticket(self, account_id, verdict.today, is_shared)
        if free < len(names):
            return Ticket(without_free=True)
        raise refused(windows, day, verdict)

    def read(self, account_id: str) -> None:
        """Let a request that asks no model pass; raises RateLimited. From any thread; each process
        counts alone."""
        windows = (self._surge,)
        with self._reading:
            verdict = self._reads.take(account_id, windows, None, time.time_ns() // 1000)
        if not verdict.admitted:
            raise refused(windows, None, verdict)

    def read_dataset(self, key: Key) -> None:
        """Let a request for a dataset pass, by the key's minute and the account's day; raises
        RateLimited. Each process counts alone."""
        now_us = time.time_ns() // 1000
        for who, windows in ((f"key:{key.id}", _DATASET_MINUTE), (key.account_id, _DATASET_DAY)):
            with self._reading:
                verdict = self._reads.take(f"dataset {who}", windows, None, now_us)
            if not verdict.admitted:
                raise refused(windows, None, verdict)

    async def give_back(self, ticket: Ticket) -> None:
        if not ticket.is_shared:
            self._own.give_back(ticket.account_id, ticket.day)
        elif self._shared is not None:
            await self._shared.give_back(f"{_installation()}:{ticket.account_id}", ticket.day)

    async def watch(self) -> None:
        if self._shared is not None:
            await self._shared.watch()

    async def _take(
        self, account_id: str, windows: Sequence[Window], day: Day | None = None
    ) -> tuple[Verdict, bool]:
        """The verdict, and whether Redis gave it."""
        shared = self._shared
        if shared is not None and not shared.is_away:
            try:
                asked = Asked(f"{_installation()}:{account_id}", windows, day)
                return await shared.take(asked), True
            except RedisAway:
                pass
        return self._own.take(account_id, windows, day, time.time_ns() // 1000), False

    async def _rate(self, key: Key) -> int:
        """The credits are read every few seconds; meanwhile those of before count."""
        name = f"{key.account_id} {key.id}"
        left_nano = self._credits.fresh(name)
        if left_nano is None:
            try:
                left_nano = await self._credits.get(name)
            except DatabaseTrouble:
                return self._surge.limit
        return rate_for(left_nano, self._surge.limit)

    async def _day(self, account_id: str) -> Day:
        found = self._free_today.fresh(account_id)
        if found is None:
            try:
                found = await self._free_today.get(account_id)
            except DatabaseTrouble:
                found = (0, 0)
        return Day(self._free_per_day, *found)


_limiter: Limiter | None = None
_making = threading.Lock()


def _current() -> Limiter:
    global _limiter
    if _limiter is None:
        # Threads of views may be the first to ask; `watch` must be that of the one all use.
        with _making:
            _limiter = _limiter or Limiter.from_settings()
    return _limiter


def forget() -> None:
    """Count anew, by the settings of now (tests)."""
    global _limiter
    _limiter = None


@lru_cache(maxsize=1)
def _installation() -> str:
    """Ours in a Redis that several installations may share: their accounts have the same names."""
    return hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest()[:8]


async def admit(key: Key, names: Sequence[str]) -> Ticket:
    """`Limiter.admit` of this process, unless RATE_LIMITS=0."""
    return await _current().admit(key, names) if settings.RATE_LIMITS else _NOTHING_TAKEN


def read(account_id: str) -> None:
    """`Limiter.read` of this process, unless RATE_LIMITS=0."""
    if settings.RATE_LIMITS:
        _current().read(account_id)


def read_dataset(key: Key) -> None:
    """`Limiter.read_dataset` of this process, unless RATE_LIMITS=0."""
    if settings.RATE_LIMITS:
        _current().read_dataset(key)


async def watch() -> None:
    """For the life of a server process; ends when cancelled, or at once without Redis."""
    if settings.RATE_LIMITS:
        await _current().watch()
