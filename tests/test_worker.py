"""The worker with its clock, as `make run` starts it, on the queue of a fresh clone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WAIT_S = 60
PROBE = """
from openrouter_site.celery import app

@app.task(name="probe.note")
def note(word):
    with open({notes!r}, "a") as file:
        file.write(word + "\\n")

app.conf.beat_schedule = {{"probe": {{"task": "probe.note", "schedule": 0.2, "args": ["beat"]}}}}
"""


@pytest.fixture
def worker(tmp_path: Path):
    """A running worker whose tasks are told to `notes`: (process, environment, notes)."""
    notes = tmp_path / "notes"
    notes.touch()
    (tmp_path / "probe.py").write_text(PROBE.format(notes=str(notes)))
    inherited = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
    variables = {"DATA_DIR": str(tmp_path / "var"), "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = ["celery", "-q", "-A", "probe:app", "worker", "--beat", "--pool=threads"]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--without-gossip", "--without-mingle"],
        env=inherited | variables,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process, inherited | variables, notes
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=WAIT_S)


def wait_for(notes: Path, word: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while word not in notes.read_text().split():
        assert time.monotonic() < deadline, f"no {word!r} in time"
        time.sleep(0.05)


def test_the_worker_runs_tasks_of_other_processes_and_of_the_clock(worker) -> None:
    process, variables, notes = worker
    wait_for(notes, "beat")
    subprocess.run(
        [sys.executable, "-c", "import probe; probe.note.delay('sent')"],
        env=variables,
        cwd=notes.parent,
        check=True,
        timeout=WAIT_S,
    )
    wait_for(notes, "sent")
    process.terminate()
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert [line for line in errors.splitlines() if " INFO " not in line] == []


def test_the_clock_does_not_outlive_a_killed_worker(worker) -> None:
    process, _, notes = worker
    wait_for(notes, "beat")
    process.kill()
    process.wait()
    deadline = time.monotonic() + WAIT_S
    while group_of(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def group_of(leader: int) -> list[str]:
    """The living processes of a process group, by what Linux says of each."""
    stats = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[2] == str(leader) and fields[0] != "Z":
            stats.append(path.parent.name)
    return stats
