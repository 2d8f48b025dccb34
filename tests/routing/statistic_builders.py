"""Rows of statistics and what is read from them, with defaults."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

from routing import statistic_rows
from routing.figures import Tally
from routing.histogram import Histogram
from routing.models import EndpointStatistic, ProviderProbe

# Half past a minute, near no hour's end: 2024-05-15 12:20:30 UTC.
NOW_S = 1_715_775_630.0
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def moment(unix_s):
    return datetime.fromtimestamp(unix_s, UTC)


def histogram(*samples):
    made = Histogram()
    for sample in samples:
        made.add(sample)
    return made


def tally(succeeded=1, failed=0, rate_limited=0, latency_s=(), throughput=()):
    return Tally(succeeded, failed, rate_limited, histogram(*latency_s), histogram(*throughput))


def statistic(ago_s=0, endpoint_id=1, instance_id="alice", now_s=NOW_S, duration_s=60, **counts):
    """The row of the minute (or hour) that it was `ago_s` seconds before `now_s`."""
    starts_s = int((now_s - ago_s) // duration_s * duration_s)
    made = statistic_rows.row(endpoint_id, starts_s, instance_id, tally(**counts), duration_s)
    statistic_rows.write([made])


def hour(ago_s, **fields):
    statistic(ago_s, duration_s=HOUR_S, **({"instance_id": ""} | fields))


def probe(slug="deepinfra", ok=False, ago_s=0, now_s=NOW_S, **fields):
    return ProviderProbe.objects.create(
        provider_slug=slug, ok=ok, checked_at=moment(now_s - ago_s), **fields
    )


def board(now_s=NOW_S):
    return statistic_rows.Reader().read(now_s)


def figures(endpoint_id=1, now_s=NOW_S):
    return board(now_s).figures[endpoint_id]


def rows():
    """Every row, as plain values, whatever their order and primary keys."""
    fields = [field.name for field in EndpointStatistic._meta.fields if field.name != "id"]
    return sorted(EndpointStatistic.objects.values_list(*fields), key=str)


class Clock:
    """Unix seconds that stand still until somebody sets them."""

    def __init__(self, now_s):
        self.now_s = now_s

    def __call__(self):
        return self.now_s


def attempt(counted, endpoint_id=1, succeeded=0, failed=0, rate_limited=0):
    counts = {"succeeded": succeeded, "failed": failed, "rate_limited": rate_limited}
    for outcome, count in counts.items():
        for _ in range(count):
            counted.attempted(endpoint_id, outcome)


def rename(old, new):
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')
