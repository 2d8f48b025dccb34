"""Windows of time that take so many requests of an account, and no more. Pure.

A window of length L with limit N takes a request when the N-th latest one it took is at least L
ago: however one cuts the time, no stretch of length L holds more than N. (GCRA with a burst of N
would let almost 2 N into the first L; the seed says "20 requests per minute".) The times of the
last N are all there is to remember. A day is another matter: a count that begins anew at 00:00 UTC.

A request asks for several windows at once and takes all of them or none. `windows.lua` is the same
in Redis, for several processes; a test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US

_ACCOUNTS_MAX = 10_000
_IDLE_US = 60 * SECOND_US


class Window(NamedTuple):
    """At most `limit` requests in any `length_us`."""

    name: str
    limit: int
    length_us: int


class Day(NamedTuple):
    """At most `limit` requests a UTC day, of which the database knew `counted` on `counted_on`."""

    limit: int
    counted: int
    counted_on: int


class Verdict(NamedTuple):
    """`refused_by`: the place of the window that refuses (the day comes after the windows), -1 for
    none. `today` is the day's number since 1970."""

    refused_by: int
    wait_us: int
    today: int

    @property
    def admitted(self) -> bool:
        return self.refused_by < 0


@dataclass(slots=True)
class _Account:
    """`times`: by window, when it took its last requests. `used` on `day`."""

    times: defaultdict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    day: int = 0
    used: int = 0

    def is_idle(self, now_us: int) -> bool:
        """Whether forgetting it changes no verdict."""
        if self.used and self.day == now_us // DAY_US:
            return False
        return all(now_us - times[-1] >= _IDLE_US for times in self.times.values() if times)


class Windows:
    """Those of all accounts in this process. One of `processes` that share the limits takes its
    share of each window, at least 1; the day it knows whole, from the database."""

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._accounts: dict[str, _Account] = {}
        self._tidy_at = _ACCOUNTS_MAX
        self._admitted = Verdict(-1, 0, 0)

    def take(
        self, account_id: str, windows: Sequence[Window], day: Day | None, now_us: int
    ) -> Verdict:
        """Take one request out of all of them, or out of none. Of several that refuse, the verdict
        names the one with the longest wait."""
        account = self._accounts.get(account_id) or self._new(account_id, now_us)
        today = now_us // DAY_US
        refused_by, longest_us = -1, 0
        all_times, processes = account.times, self._processes
        for place, (name, limit, length_us) in enumerate(windows):
            times = all_times[name]
            share = limit if processes == 1 else max(1, limit // processes)
            # Most windows have room, and most clocks go forward: then there is nothing to wait for.
            if times and (len(times) >= share or times[-1] > now_us):
                wait_us = _wait(times, share, length_us, now_us)
                if wait_us > longest_us:
                    refused_by, longest_us = place, wait_us
        used = 0
        if day is not None:
            used = account.used if account.day == today else 0
            if day.counted_on == today and day.counted > used:
                used = day.counted
            wait_us = (today + 1) * DAY_US - now_us
            if used >= day.limit and wait_us > longest_us:
                refused_by, longest_us = len(windows), wait_us
        if refused_by >= 0:
            return Verdict(refused_by, longest_us, today)
        for name, limit, _ in windows:
            _note(all_times[name], limit, now_us)
        if day is not None:
            account.day, account.used = today, used + 1
        if self._admitted.today != today:
            self._admitted = Verdict(-1, 0, today)
        return self._admitted

    def give_back(self, account_id: str, day: int) -> None:
        """The request that was taken on `day` does not count after all."""
        account = self._accounts.get(account_id)
        if account is not None and account.day == day and account.used > 0:
            account.used -= 1

    def _new(self, account_id: str, now_us: int) -> _Account:
        if len(self._accounts) >= self._tidy_at:
            self._accounts = {
                name: account
                for name, account in self._accounts.items()
                if not account.is_idle(now_us)
            }
            self._tidy_at = max(_ACCOUNTS_MAX, 2 * len(self._accounts))
        account = self._accounts[account_id] = _Account()
        return account


def _wait(times: deque[int], limit: int, length_us: int, now_us: int) -> int:
    """How long until this window takes another one; 0: now."""
    newest_us = times[-1]
    if newest_us > now_us:
        # The clock was set back: by little, time stands still; by much, the past is void.
        if newest_us - now_us > length_us:
            times.clear()
            return 0
        now_us = newest_us
    if len(times) < limit:
        return 0
    return max(0, times[-limit] + length_us - now_us)


def _note(times: deque[int], limit: int, now_us: int) -> None:
    """Remember it. What is beyond the limit is older than the window, since it was admitted."""
    if times and times[-1] > now_us:
        now_us = times[-1]
    times.append(now_us)
    while len(times) > limit:
        times.popleft()
