"""`make bench-pages`: what the pages of an account cost the server, with a million generations.

Fills an empty database (--database postgresql://..., else an SQLite file that is deleted after),
sums up the hours (activity), and times what the Activity pages read for the largest account, which
made half of it all. Times are those of one reader: the first of each, then the median and the
fastest of some more. On a machine that others use, only the fastest says what the pages cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_TARGET_MS = 300
_REPEATS = 7


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", default="", metavar="postgresql://...", help="an empty one")
    parser.add_argument("--generations", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=6, help="each has half of what is left")
    parser.add_argument("--days", type=int, default=180, help="over which they are spread")
    parser.add_argument("--folder", help="where SQLite's file is made")
    parser.add_argument("--keep", action="store_true", help="measure what an earlier run filled")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="bench-pages-", dir=given.folder) as folder:
        os.environ |= {
            "DATABASE_URL": given.database or f"sqlite:///{folder}/pages.sqlite3",
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "openrouter_site.settings",
            "LOG_LEVEL": "ERROR",
        }
        import django

        django.setup()
        if not given.keep:
            fill(given)
        measure()


def say(what: str, began_s: float) -> None:
    print(f"{what}: {time.perf_counter() - began_s:.1f} s", flush=True)


def fill(given: argparse.Namespace) -> None:
    from django.core.management import call_command

    from accounts.models import User
    from bench.pages_rows import COLUMNS, people, rows

    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.exists():
        sys.exit("This database has accounts in it: give --database an empty one.")
    began_s = time.perf_counter()
    _write(
        "billing_generation", COLUMNS, rows(given.generations, people(given.accounts), given.days)
    )
    say(f"{given.generations:,} generations written", began_s)
    _analyze()
    began_s = time.perf_counter()
    call_command("roll_up_usage")
    say("summed up", began_s)
    _analyze()


def _write(table: str, columns: tuple[str, ...], found: Iterator[tuple[Any, ...]]) -> None:
    from django.db import connection, transaction

    names = ", ".join(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in found:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            raw = connection.connection
            raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", found)


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


# --- What a page reads --------------------------------------------------------------------------


def measure() -> None:
    from django.db import connection
    from django.db.models import Count

    from accounts.models import User
    from activity.models import UsageDay, UsageHour
    from activity.scope import Scope

    largest = User.objects.annotate(count=Count("generations")).order_by("-count").first()
    assert largest is not None
    scope = Scope(largest.pk)
    print(
        f"\n{connection.vendor}; the account: {largest.count:,} generations,"
        f" {UsageHour.objects.filter(user=largest).count():,} sums of hours,"
        f" {UsageDay.objects.filter(user=largest).count():,} of days\n"
    )
    print("| read | first ms | median ms | fastest ms |\n|---|---|---|---|")
    slowest_ms = fastest_ms = 0.0
    for name, read in _reads(scope):
        times = []
        for _ in range(_REPEATS):
            began_s = time.perf_counter()
            read()
            times.append((time.perf_counter() - began_s) * 1000)
        median_ms, least_ms = statistics.median(times), min(times)
        if name.startswith("page"):
            slowest_ms = max(slowest_ms, median_ms)
            fastest_ms = max(fastest_ms, least_ms)
        print(f"| {name} | {times[0]:.0f} | {median_ms:.0f} | {least_ms:.0f} |", flush=True)
    print(
        f"\nSlowest page: {slowest_ms:.0f} ms, at its fastest {fastest_ms:.0f} ms (target:"
        f" {_TARGET_MS} ms on PostgreSQL). Load of the last minute, on {os.cpu_count()}"
        f" processors: {os.getloadavg()[0]:.1f}"
    )


def _reads(scope: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    from zoneinfo import ZoneInfo

    from activity import detail, export, periods, requests
    from activity.dimensions import DIMENSIONS
    from activity.filters import Filter
    from activity.overview import overview
    from activity.reading import Reading
    from activity.series import series

    now = datetime.now(UTC)

    def page(period: periods.Period, metric: str, dimension: str) -> None:
        reading = Reading.of(scope)
        overview(reading, period)
        series(reading, period, metric, DIMENSIONS[dimension])
        requests.page(scope, Filter(begin=period.begin, end=period.end))

    for zone_name in ("UTC", "Asia/Kathmandu"):
        zone = ZoneInfo(zone_name)
        for name in periods.RANGES:
            period = periods.last(name, now, zone)
            for metric, dimension in (("spend", "model"), ("requests", "app")):
                label = f"page {name} {zone_name}, {metric} by {dimension}"
                yield label, lambda p=period, m=metric, d=dimension: page(p, m, d)
    period = periods.last("90d", now, ZoneInfo("UTC"))
    reading = Reading.of(scope)
    yield "cards 90d", lambda: overview(reading, period)
    for name, dimension in DIMENSIONS.items():
        yield f"chart 90d by {name}", lambda d=dimension: series(reading, period, "spend", d)
    for label, wanted in {
        "list, errors": Filter(status="error"),
        "list, one model": Filter(model="mistralai/mixtral-8x7b-instruct"),
        "list, nothing so dear": Filter(cost_min_nano=10**14),
        "list of 30 days, nothing so dear": Filter(
            cost_min_nano=10**14, begin=now - timedelta(days=30)
        ),
    }.items():
        yield label, lambda w=wanted: requests.page(scope, w)
    newest = requests.page(scope, Filter()).requests[0].id
    yield "detail", lambda: detail.find(scope, newest)
    day = Filter(begin=now - timedelta(days=10))
    yield "CSV of 10 days", lambda: sum(map(len, export.pieces(scope, day, ZoneInfo("UTC"))))


if __name__ == "__main__":
    main()
