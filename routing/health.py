"""Outages of the last seconds, as live traffic sees them, in this process.

An endpoint that answers costs two look-ups in dictionaries, one of them empty when all is well.
What other processes saw is added by `apply` (routing.sharing), what probes found by `demote`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# A provider that asks us to wait is tried last for so long, at least.
_BUSY_S_MIN = 1.0
# Probes may say something of an endpoint that live traffic has not used for so long.
_IDLE_S = 60.0

# Of each endpoint in trouble: failures, answers since, seconds for which it is tried last.
Changes = Mapping[int, tuple[int, int, float]]


@dataclass(slots=True)
class _Record:
    # When each failure in the window was, and how many answers there were until then.
    failures: deque[tuple[float, int]] = field(default_factory=deque)
    answers: int = 0
    ejected_until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an endpoint is tried last: failures in the window with the answers beside them, seconds
    for which it asked not to be called (or must not be), or its provider's failing probe."""

    endpoint_id: int
    failures: int = 0
    answers: int = 0
    left_s: float = 0.0
    is_probed_down: bool = False


class Health:
    """`window_s`: how long a failure is remembered (seed: 10 s). Times are monotonic.

    A failure is a significant outage unless `answers_per_failure` answers stand beside it.
    """

    def __init__(
        self,
        window_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        *,
        answers_per_failure: float = 4,
        is_shared: bool = False,
    ) -> None:
        self._window_s = window_s
        self._clock = clock
        self._answers_per_failure = answers_per_failure
        self._is_shared = is_shared
        self._failing: dict[int, _Record] = {}
        self._used_s: dict[int, float] = {}
        self._demoted: frozenset[int] = frozenset()
        self._changes: dict[int, tuple[int, int, float]] = {}

    def is_stable(self, endpoint_id: int) -> bool:
        """Whether the endpoint saw no significant outage in the window."""
        if endpoint_id in self._demoted and not self._is_in_use(endpoint_id):
            return False
        record = self._failing.get(endpoint_id)
        return record is None or self._recovered(endpoint_id, record)

    def _is_in_use(self, endpoint_id: int) -> bool:
        used_s = self._used_s.get(endpoint_id)
        return used_s is not None and self._clock() < used_s + _IDLE_S

    def _recovered(self, endpoint_id: int, record: _Record) -> bool:
        now = self._clock()
        if now < record.ejected_until_s:
            return False
        self._forget(record, now)
        if not record.failures:
            del self._failing[endpoint_id]
            return True
        answers = record.answers - record.failures[0][1]
        return answers >= self._answers_per_failure * len(record.failures)

    def _forget(self, record: _Record, now: float) -> None:
        while record.failures and record.failures[0][0] <= now - self._window_s:
            record.failures.popleft()

    # --- Live traffic ---

    def succeeded(self, endpoint_id: int) -> None:
        self._used_s[endpoint_id] = self._clock()
        if (record := self._failing.get(endpoint_id)) is not None:
            record.answers += 1
            self._note(endpoint_id, answers=1)

    def failed(self, endpoint_id: int, *, eject_s: float = 0.0) -> None:
        """A failure of the provider's; `eject_s` for one that will not heal by itself soon."""
        self._used_s[endpoint_id] = self._clock()
        self._add(endpoint_id, 1, 0, eject_s)
        self._note(endpoint_id, failures=1, eject_s=eject_s)

    def busy(self, endpoint_id: int, retry_after_s: float | None) -> None:
        """It answered 429: tried last for as long as it asks, at most the window."""
        seconds = min(max(retry_after_s or 0.0, _BUSY_S_MIN), self._window_s)
        self._used_s[endpoint_id] = self._clock()
        self._add(endpoint_id, 0, 0, seconds)
        self._note(endpoint_id, eject_s=seconds)

    def _add(self, endpoint_id: int, failures: int, answers: int, eject_s: float) -> None:
        record = self._failing.setdefault(endpoint_id, _Record())
        now = self._clock()
        self._forget(record, now)
        record.answers += answers
        record.failures.extend([(now, record.answers)] * failures)
        record.ejected_until_s = max(record.ejected_until_s, now + eject_s)

    def troubles(self) -> list[Trouble]:
        """The endpoints that are tried last now, and why; for the operator."""
        now = self._clock()
        found = []
        for endpoint_id, record in list(self._failing.items()):
            if not self._recovered(endpoint_id, record):
                answers = record.answers - (record.failures[0][1] if record.failures else 0)
                left_s = max(0.0, record.ejected_until_s - now)
                found.append(Trouble(endpoint_id, len(record.failures), answers, left_s))
        seen = {trouble.endpoint_id for trouble in found}
        for endpoint_id in self._demoted - seen:
            if not self._is_in_use(endpoint_id):
                found.append(Trouble(endpoint_id, is_probed_down=True))
        return found

    # --- What others saw ---

    def _note(
        self, endpoint_id: int, failures: int = 0, answers: int = 0, eject_s: float = 0.0
    ) -> None:
        if self._is_shared:
            before = self._changes.get(endpoint_id, (0, 0, 0.0))
            self._changes[endpoint_id] = (
                before[0] + failures, before[1] + answers, max(before[2], eject_s),
            )  # fmt: skip

    def take_changes(self) -> Changes:
        """What happened to endpoints in trouble since the last call; empty when all is well."""
        taken, self._changes = self._changes, {}
        return taken

    def apply(self, changes: Changes) -> None:
        """What another process saw; answers count only where there is trouble to outweigh."""
        for endpoint_id, (failures, answers, eject_s) in changes.items():
            if failures or eject_s or endpoint_id in self._failing:
                self._add(endpoint_id, failures, answers, eject_s)

    def demote(self, endpoint_ids: frozenset[int]) -> None:
        """Those whose provider fails its probes: tried last, unless live traffic uses them."""
        self._demoted = endpoint_ids
