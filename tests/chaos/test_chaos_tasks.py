"""Periodic tasks: their workers killed in the middle, each task sent three times, two clocks (F14).

Each of them has its effect once: credits are given once, counts of requests are neither lost nor
doubled, the books are as they were.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chaos_size import sized
from gateway_process import ROOT, wait_until

KILLS = sized(2, 20)
ACCOUNTS = sized(20, 500)
COPIES = 3
RUNS = sized(2, 20)
MINUTES = 60
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)

# Every task of the product at every moment, from as many clocks as there are workers; and each that
# ends leaves a line, so that the run is known to have been one.
BUSY = """
from celery.signals import task_postrun
from openrouter_site.celery import app

names = sorted({{row["task"] for row in app.conf.beat_schedule.values()}})
app.conf.beat_schedule = {{name: {{"task": name, "schedule": 0.5}} for name in names}}

@task_postrun.connect
def note(task=None, state=None, **_):
    with open({notes!r}, "a") as file:
        file.write(f"{{task.name}} {{state}}\\n")

def send():
    with open({names!r}, "w") as file:
        file.write(" ".join(names))
    for name in names * {copies}:
        app.send_task(name)
"""


@pytest.fixture
def crew(new_gateway, tmp_path):
    """Two workers, each with a clock, on the queue and the database of a server that is not there:
    (desk, start, workers, notes)."""
    gateway = new_gateway()
    notes = tmp_path / "notes"
    notes.touch()
    text = BUSY.format(notes=str(notes), names=str(tmp_path / "names"), copies=COPIES)
    (tmp_path / "busy.py").write_text(text)
    # The desk, which is running already, gives no promo credits: that is left to the tasks.
    gateway.environment |= {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PROMO_CREDITS": "1",
    }  # fmt: skip
    workers, log = [], (tmp_path / "log").open("ab")

    def start():
        command = [
            sys.executable, "-m", "celery", "-q", "-A", "busy:app", "worker", "--beat",
            "--pool=threads", "--concurrency=2", "--without-gossip", "--without-mingle",
            "--schedule", str(tmp_path / f"beat{len(workers)}"),
        ]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=tmp_path, env=gateway.environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        workers.append(process)
        return process

    yield gateway, start, workers, notes
    for process in workers:
        kill(process)
    log.close()
    print((tmp_path / "log").read_text()[-2000:])


def kill(process):
    """With its clock, which is a process of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def send(gateway, folder):
    subprocess.run(
        [sys.executable, "-c", "import busy; busy.send()"],
        cwd=folder, env=gateway.environment, check=True, timeout=60,
    )  # fmt: skip


def count_requests(gateway):
    """Minutes of yesterday, for the task that merges them into hours."""
    begin = (datetime.now(UTC) - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    for minute in range(MINUTES):
        gateway.sql(
            "INSERT INTO routing_endpointstatistic (endpoint_id, starts_at, duration_s,"
            " instance_id, succeeded, failed, rate_limited, latency, throughput)"
            " VALUES (%s, %s, 60, 'gone', 2, 1, 0, '{}', '{}')",
            1 + minute % 3, str(begin + timedelta(minutes=minute)),
        )  # fmt: skip


def counted(gateway):
    (row,) = gateway.sql(
        "SELECT SUM(succeeded) AS succeeded, SUM(failed) AS failed, MIN(duration_s) AS shortest"
        " FROM routing_endpointstatistic WHERE endpoint_id IN (1, 2, 3)"
    )
    return row


def transfers(gateway):
    """(number, nano-dollars) of promo credits and of all others."""
    rows = gateway.sql("SELECT id, amount_nano FROM billing_transfer")
    promo = [row["amount_nano"] for row in rows if row["id"].startswith("grant:promo:")]
    everything = sum(row["amount_nano"] for row in rows)
    return (len(promo), sum(promo)), (len(rows) - len(promo), everything - sum(promo))


@pytest.mark.timeout(180 + 10 * KILLS)
def test_tasks_that_are_killed_repeated_and_doubled_have_their_effect_once(crew, tmp_path):
    gateway, start, workers, notes = crew
    rng = random.Random(SEED)
    for _ in range(ACCOUNTS):
        gateway.caller(credits="1")
    count_requests(gateway)
    none, others = transfers(gateway)
    assert none == (0, 0)
    for _ in range(2):
        start()
    send(gateway, tmp_path)
    for _ in range(KILLS):
        seen = len(notes.read_text().splitlines())
        wait_until(lambda seen=seen: len(notes.read_text().splitlines()) > seen, "tasks to run", 60)
        time.sleep(rng.uniform(0, 0.3))
        kill(workers[-1])
        start()
    wait_until(lambda: all_ran(notes, tmp_path), "each to end", 120)
    for process in workers:
        kill(process)

    print(f"CHAOS_SEED={SEED}: {KILLS} kills; runs that ended: {finished(notes)}")
    assert transfers(gateway) == ((ACCOUNTS, ACCOUNTS * 10**9), others)
    requests = counted(gateway)
    assert (requests["succeeded"], requests["failed"]) == (2 * MINUTES, MINUTES)
    assert requests["shortest"] == 3600
    verified = gateway.desk("command", name="verify_ledger")
    assert verified["status"] == 0, verified["output"]


def all_ran(notes, folder):
    done = finished(notes)
    return all(done.get(name, 0) >= RUNS for name in (folder / "names").read_text().split())


def finished(notes: Path):
    """How often each task ended well."""
    counts: dict[str, int] = {}
    for line in notes.read_text().splitlines():
        name, _, state = line.partition(" ")
        if state == "SUCCESS":
            counts[name] = counts.get(name, 0) + 1
    return counts
