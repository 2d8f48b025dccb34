"""Outages of the last seconds, as live traffic sees them, in this process.

An endpoint that answers costs one look-up in a dictionary that is empty when all is well.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

# A failure counts as a significant outage unless at least four answers stand beside it.
_ANSWERS_PER_FAILURE = 4


@dataclass(slots=True)
class _Record:
    failures: list[float] = field(default_factory=list)
    answers: int = 0
    ejected_until_s: float = 0.0


class Health:
    """`window_s`: how long a failure is remembered (seed: 10 s). Times are monotonic."""

    def __init__(self, window_s: float = 10.0) -> None:
        self._window_s = window_s
        self._failing: dict[int, _Record] = {}

    def is_stable(self, endpoint_id: int) -> bool:
        """Whether the endpoint saw no significant outage in the window."""
        record = self._failing.get(endpoint_id)
        return record is None or self._recovered(endpoint_id, record)

    def _recovered(self, endpoint_id: int, record: _Record) -> bool:
        now = time.monotonic()
        if now < record.ejected_until_s:
            return False
        record.failures = [at for at in record.failures if at > now - self._window_s]
        if not record.failures:
            del self._failing[endpoint_id]
            return True
        return record.answers >= _ANSWERS_PER_FAILURE * len(record.failures)

    def succeeded(self, endpoint_id: int) -> None:
        if (record := self._failing.get(endpoint_id)) is not None:
            record.answers += 1

    def failed(self, endpoint_id: int, *, eject_s: float = 0.0) -> None:
        """A failure of the provider's; `eject_s` for one that will not heal by itself soon."""
        record = self._failing.setdefault(endpoint_id, _Record())
        now = time.monotonic()
        record.failures.append(now)
        record.ejected_until_s = max(record.ejected_until_s, now + eject_s)
