"""Minutes become hours, and hours are forgotten: what keeps the rows of statistics few."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from routing.figures import Tally
from routing.models import EndpointStatistic
from routing.statistic_rows import (
    COUNTS,
    DAY_S,
    HOUR_S,
    MINUTE_S,
    ROWS_PER_TRANSACTION,
    moment,
    row,
    tally,
)

# Minutes are merged into hours when no process has any of them left to write (30 minutes).
MINUTE_AGE_S_MAX = 60 * MINUTE_S
_HOUR_AGE_S_MAX = 30 * DAY_S


def roll_up(now_s: float | None = None) -> None:
    """Merge minutes older than an hour into rows of an hour; delete hours older than 30 days.

    `now_s`: Unix seconds; the clock's when left out. Raises the database's errors. Safe to run
    twice, at once or broken off: what is merged and what it was merged from change places in one
    transaction, some hundreds of rows at a time.
    """
    now_s = time.time() if now_s is None else now_s
    while _merge_oldest(moment(now_s - MINUTE_AGE_S_MAX)):
        pass
    EndpointStatistic.objects.filter(
        duration_s=HOUR_S, starts_at__lt=moment(now_s - _HOUR_AGE_S_MAX)
    ).delete()


@transaction.atomic
def _merge_oldest(until: datetime) -> bool:
    """Whether there was something to merge."""
    locked = EndpointStatistic.objects.select_for_update()
    minutes = list(
        locked.filter(duration_s=MINUTE_S, starts_at__lte=until).order_by("starts_at", "id")[
            :ROWS_PER_TRANSACTION
        ]
    )
    if not minutes:
        return False
    hours = locked.filter(
        duration_s=HOUR_S,
        instance_id="",
        endpoint_id__in={each.endpoint_id for each in minutes},
        starts_at__in={_hour(each) for each in minutes},
    )
    sources = [*minutes, *hours]
    merged = _merged(sources)
    ids = [each.pk for each in sources]
    for first in range(0, len(ids), ROWS_PER_TRANSACTION):
        EndpointStatistic.objects.filter(pk__in=ids[first : first + ROWS_PER_TRANSACTION]).delete()
    # Not "or update": if another process made such a row meanwhile, its counts must not be lost.
    EndpointStatistic.objects.bulk_create(merged)
    return True


def _hour(minute: EndpointStatistic) -> datetime:
    return minute.starts_at.replace(minute=0, second=0, microsecond=0)


def _merged(sources: Iterable[EndpointStatistic]) -> list[EndpointStatistic]:
    hours: defaultdict[tuple[int, datetime], Tally] = defaultdict(Tally)
    for each in sources:
        counts = [getattr(each, name) for name in COUNTS]
        hours[each.endpoint_id, _hour(each)].merge(tally(counts))
    return [
        row(endpoint_id, int(hour.timestamp()), "", counted, HOUR_S)
        for (endpoint_id, hour), counted in hours.items()
    ]
