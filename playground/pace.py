"""How often somebody may do something: at most so often within so many seconds, in this process."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

_PEOPLE_MAX = 10_000


class Pace:
    def __init__(self, most: int, within_s: float) -> None:
        self._most = most
        self._within_s = within_s
        self._times: OrderedDict[int, deque[float]] = OrderedDict()

    def allows(self, who: int) -> bool:
        """Whether it may be once more, which counts."""
        now_s = time.monotonic()
        times = self._times.setdefault(who, deque(maxlen=self._most))
        self._times.move_to_end(who)
        while len(self._times) > _PEOPLE_MAX:
            self._times.popitem(last=False)
        if len(times) == self._most and now_s - times[0] < self._within_s:
            return False
        times.append(now_s)
        return True
