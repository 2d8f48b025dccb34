"""The engine of `make run`: programs are kept running, shown, and all gone at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from openrouter_site import processes
from openrouter_site.preflight import CannotStart
from openrouter_site.processes import Program, Supervisor

ROOT = Path(__file__).resolve().parent.parent
WAIT_S = 20

# What the programs under supervision are made of: say who we are, then live in some way.
PRELUDE = """
import os, signal, subprocess, sys, time
def note(word):
    with open(os.environ["NOTES"], "a") as file:
        file.write(f"{word} {os.getpid()}\\n")
def leave(word):
    def handler(*_):
        note(word)
        sys.exit(0)
    signal.signal(signal.SIGTERM, handler)
"""
LIVES = {
    "polite": 'leave("polite-stopped"); note("polite"); time.sleep(60)',
    "slow": 'leave("slow-stopped"); note("slow"); time.sleep(60)',
    "deaf": 'signal.signal(signal.SIGTERM, signal.SIG_IGN); note("deaf"); time.sleep(60)',
    "parent": 'subprocess.Popen([sys.executable, "-m", "deaf"]); note("parent"); time.sleep(60)',
    "mortal": 'note("mortal"); sys.exit("I was never well")',
    "talker": 'for line in open(os.environ["LINES"]): sys.stderr.write(line)\n'
    'print("to stdout"); sys.stderr.flush(); note("talker"); time.sleep(60)',
}
DRIVER = """
import asyncio, json, sys
from pathlib import Path
from openrouter_site.processes import Program, Supervisor
async def ready():
    print("ready", flush=True)
programs = [Program(n, (n,), last=n == "slow") for n in sys.argv[3:]]
asyncio.run(Supervisor(programs, Path(sys.argv[1]), float(sys.argv[2])).run(ready))
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of program modules; they note what happens to them in the file it returns."""
    for name, life in LIVES.items():
        (tmp_path / f"{name}.py").write_text(PRELUDE + life + "\n")
    notes = tmp_path / "notes"
    notes.touch()
    monkeypatch.setenv("NOTES", str(notes))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    yield notes
    for pid in filter(alive, pids(notes)):  # Only after a failure is anybody left.
        os.kill(pid, signal.SIGKILL)


def supervise(notes: Path, *names: str, stop_timeout_s: float = WAIT_S) -> subprocess.Popen[str]:
    """A supervisor of those programs as a process of its own; every program has been started."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(notes.parent / "logs"), str(stop_timeout_s), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for name in names:
        wait_for(lambda name=name: f"{name} " in notes.read_text(), f"{name} to start")
    return supervisor


def wait_for(condition, what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def noted(notes: Path) -> list[str]:
    return [line.split()[0] for line in notes.read_text().splitlines()]


def pids(notes: Path) -> set[int]:
    return {int(line.split()[1]) for line in notes.read_text().splitlines()}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(notes: Path) -> None:
    wait_for(lambda: not any(map(alive, pids(notes))), "every program to be gone")


def test_sigterm_stops_every_program_cleanly(programs: Path) -> None:
    supervisor = supervise(programs, "polite", "slow")
    supervisor.send_signal(signal.SIGTERM)
    _, errors = supervisor.communicate(timeout=WAIT_S)
    assert (supervisor.returncode, errors) == (0, "")
    assert noted(programs)[-2:] == ["polite-stopped", "slow-stopped"]


def test_last_programs_are_not_told_before_the_others_are_gone(programs: Path) -> None:
    supervisor = supervise(programs, "slow", "deaf", stop_timeout_s=1)
    supervisor.send_signal(signal.SIGTERM)
    supervisor.communicate(timeout=WAIT_S)
    wait_until_gone(programs)


def test_a_program_that_ignores_sigterm_is_killed_after_the_timeout(programs: Path) -> None:
    supervisor = supervise(programs, "deaf", stop_timeout_s=0.2)
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=WAIT_S)
    assert supervisor.returncode == 0
    wait_until_gone(programs)


def test_a_second_interrupt_stops_at_once(programs: Path) -> None:
    supervisor = supervise(programs, "deaf", stop_timeout_s=600)
    supervisor.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert supervisor.poll() is None
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=WAIT_S)
    wait_until_gone(programs)


def test_what_a_program_started_is_stopped_with_it(programs: Path) -> None:
    supervisor = supervise(programs, "parent")
    wait_for(lambda: "deaf" in noted(programs), "the grandchild")
    supervisor.send_signal(signal.SIGTERM)
    supervisor.communicate(timeout=WAIT_S)
    wait_until_gone(programs)


def test_no_program_survives_a_supervisor_that_is_killed(programs: Path) -> None:
    supervisor = supervise(programs, "polite", "slow")
    supervisor.kill()
    supervisor.communicate(timeout=WAIT_S)
    wait_until_gone(programs)


def test_a_program_that_is_killed_is_started_again(programs: Path) -> None:
    supervisor = supervise(programs, "polite")
    first = pids(programs)
    os.kill(*first, signal.SIGKILL)
    wait_for(lambda: len(pids(programs)) == 2, "the second start")
    supervisor.send_signal(signal.SIGTERM)
    _, errors = supervisor.communicate(timeout=WAIT_S)
    assert errors == "polite stopped unexpectedly (signal SIGKILL); starting it again in 1 s\n"


def test_a_program_that_never_starts_ends_everything_with_its_own_words(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "BACKOFF_S", (0.01,))
    supervisor = Supervisor(
        [Program("web", ("mortal",)), Program("polite", ("polite",))], programs.parent, WAIT_S
    )
    with pytest.raises(CannotStart, match="web does not start: it ended 3 times \\(exit code 1\\)"):
        asyncio.run(supervisor.run(asyncio.Event().wait))
    assert noted(programs).count("mortal") == 3
    assert capfd.readouterr().err.count("web | I was never well\n") == 3
    wait_until_gone(programs)


def test_warnings_are_shown_and_everything_is_logged(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        "2026-01-01 00:00:00,000 INFO billing: calm",
        "  more of the calm one",
        "2026-01-01 00:00:00,000 ERROR billing: boom",
        "Traceback (most recent call last):",
    ]
    (programs.parent / "lines").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("LINES", str(programs.parent / "lines"))
    supervisor = supervise(programs, "talker")
    supervisor.send_signal(signal.SIGTERM)
    _, errors = supervisor.communicate(timeout=WAIT_S)
    assert errors.splitlines() == [f"talker | {line}" for line in lines[2:]]
    log = (programs.parent / "logs" / "talker.log").read_text().splitlines()
    assert [line for line in log if line in lines] == lines
