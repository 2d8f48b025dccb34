"""Which generations are recorded so late that sums of their hour may have been taken before.

Most are recorded within seconds of their beginning, all that a living process settles within its
deadlines, and those cost nothing here: whoever keeps sums of hours (activity) leaves an hour alone
until it is over for `SUMMED_AFTER`. What is recorded later than `LATE_AFTER` - by recovery, from
the journal after an outage - leaves a note of its hour in the same transaction.

The difference of the two is what a transaction of the money writer may take: it saw the clock when
it began, and is seen when it is committed. The deadlines of its connection end it much sooner.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from billing.book import GenerationRow

# Longer than a hold lasts (HOLD_TTL_S), so that recovery after a crash is mostly not late.
LATE_AFTER = timedelta(minutes=30)
SUMMED_AFTER = timedelta(minutes=40)


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour in UTC that it is in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def late_hours(generations: Iterable[GenerationRow], now: datetime) -> list[tuple[int, datetime]]:
    """(user, hour) of those that are late, each once and in order."""
    until = now - LATE_AFTER
    late = {
        (each.user_id, hour_of(each.created_at)) for each in generations if each.created_at < until
    }
    return sorted(late)
