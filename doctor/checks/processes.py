"""Who runs: the server processes, the worker and its clock, the queue between them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import redis
from django.conf import settings

from doctor.checks.shared import redis_client
from doctor.tasks import WORKER
from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import ago, count
from openrouter_site.database import connect

AREA = "Processes"
# A task that takes long may hold it up; four beats that did not come are no accident.
SILENT_S = 4 * settings.WORKER_BEAT_S + 10
_WAITING_MAX = 100
_QUEUE = "celery"
_START = "make run starts it; with systemd: systemctl start openrouter-worker."


def servers(visit: Visit | None) -> Verdict:
    with closing(connect()) as connection:
        since = connection.seconds_ago(settings.INSTANCE_SILENT_S)
        ((alive, silent),) = connection.execute(
            f"SELECT COALESCE(SUM(CASE WHEN last_seen >= {since} THEN 1 ELSE 0 END), 0),"
            f" COALESCE(SUM(CASE WHEN last_seen < {since} THEN 1 ELSE 0 END), 0)"
            " FROM billing_instance"
        )
    if not alive:
        return bad("No server process is running on this database.", "Start it: make run.")
    text = f"{count(alive, 'server process', 'server processes')} alive."
    if silent:
        return ok(f"{text} {silent} that ended without a word are forgotten within a day.")
    return ok(text)


def worker(visit: Visit | None) -> Verdict:
    with closing(connect()) as connection:
        rows = connection.execute(
            f"SELECT at, {connection.clock} FROM doctor_heartbeat WHERE name = ?", (WORKER,)
        )
        if not rows:
            return bad("No worker has ever run on this database.", _START)
        at, now = (connection.as_datetime(value) for value in rows[0])
    assert at is not None and now is not None
    age_s = (now - at).total_seconds()
    if age_s <= SILENT_S:
        return ok(f"Worker and clock did their last beat {age_s:.0f} s ago.")
    return bad(f"The last beat was {ago(age_s)}. {_blame(waiting())}", _START)


def _blame(tasks: int | None) -> str:
    if tasks is None:
        return "Either the worker or its clock does not run."
    if tasks:
        return f"{count(tasks, 'task waits', 'tasks wait')}: the worker does not run."
    return "No task waits: the clock (celery beat) does not run."


def queue(visit: Visit | None) -> Verdict:
    tasks = waiting()
    if tasks is None:
        return bad("The queue cannot be read.", "See Redis, or the permissions of DATA_DIR/celery.")
    if tasks > _WAITING_MAX:
        return warn(
            f"{tasks} tasks wait: the worker is not fast enough, or does not run.",
            "Look at the worker's log.",
        )
    return ok(f"{count(tasks, 'task waits', 'tasks wait')} for the worker.")


def waiting() -> int | None:
    """How many tasks are in the queue; None when it cannot be read."""
    try:
        if settings.REDIS_URL:
            with redis_client() as client:
                return int(client.llen(_QUEUE))
        folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
        return sum(1 for _ in folder.glob(f"*.{_QUEUE}.msg")) if folder.is_dir() else 0
    except (redis.RedisError, OSError):
        return None


CHECKS = (
    Check("processes.servers", AREA, "Server processes", servers),
    Check("processes.worker", AREA, "Worker and clock", worker),
    Check("processes.queue", AREA, "Queue", queue),
)
