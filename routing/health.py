"""Outages of the last seconds, as live traffic sees them, in this process.

An endpoint that answers costs one look-up in a dictionary that is empty when all is well.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# A failure counts as a significant outage unless at least four answers stand beside it.
_ANSWERS_PER_FAILURE = 4


@dataclass(slots=True)
class _Record:
    # When each failure in the window was, and how many answers there were until then.
    failures: deque[tuple[float, int]] = field(default_factory=deque)
    answers: int = 0
    ejected_until_s: float = 0.0


class Health:
    """`window_s`: how long a failure is remembered (seed: 10 s). Times are monotonic."""

    def __init__(self, window_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._failing: dict[int, _Record] = {}

    def is_stable(self, endpoint_id: int) -> bool:
        """Whether the endpoint saw no significant outage in the window."""
        record = self._failing.get(endpoint_id)
        return record is None or self._recovered(endpoint_id, record)

    def _recovered(self, endpoint_id: int, record: _Record) -> bool:
        now = self._clock()
        if now < record.ejected_until_s:
            return False
        self._forget(record, now)
        if not record.failures:
            del self._failing[endpoint_id]
            return True
        answers = record.answers - record.failures[0][1]
        return answers >= _ANSWERS_PER_FAILURE * len(record.failures)

    def _forget(self, record: _Record, now: float) -> None:
        while record.failures and record.failures[0][0] <= now - self._window_s:
            record.failures.popleft()

    def succeeded(self, endpoint_id: int) -> None:
        if (record := self._failing.get(endpoint_id)) is not None:
            record.answers += 1

    def failed(self, endpoint_id: int, *, eject_s: float = 0.0) -> None:
        """A failure of the provider's; `eject_s` for one that will not heal by itself soon."""
        record = self._failing.setdefault(endpoint_id, _Record())
        now = self._clock()
        self._forget(record, now)
        record.failures.append((now, record.answers))
        record.ejected_until_s = max(record.ejected_until_s, now + eject_s)
