"""Processes of a run: started on chosen processors, measured in /proc, ended by their ids."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "stat").exists()
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1

Cpus = frozenset[int]


class CannotMeasure(Exception):
    """One sentence: what is missing and what to do about it."""


def start(
    command: Sequence[str], *, cpus: Cpus, log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start it on `cpus`; its output goes to `log`. It dies with us, even when we are killed."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for us: we end what we started, in order.
            start_new_session=True,
            preexec_fn=_in_child(cpus),
        )


def run(
    command: Sequence[str], *, cpus: Cpus, timeout_s: float, env: Mapping[str, str] | None = None
) -> str:
    """Run it on `cpus` to its end; its stdout. Raises CannotMeasure with what it complained of."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            preexec_fn=_in_child(cpus),
        )
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{' '.join(command[:3])} took longer than {timeout_s:g} s") from None
    if done.returncode:
        raise CannotMeasure(
            f"{' '.join(command[:3])} failed: {(done.stderr or done.stdout)[-900:]}"
        )
    return done.stdout


def _in_child(cpus: Cpus) -> Callable[[], None]:
    libc = ctypes.CDLL(None) if _HAS_PROC else None

    def prepare() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, cpus)

    return prepare


def stop(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """SIGTERM, and SIGKILL for whatever is left of its tree after `patience_s`."""
    family = tree(process.pid)
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience_s)
    if process.poll() is not None:
        return
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(process: subprocess.Popen[bytes], port: int, timeout_s: float, log: Path) -> None:
    """Until somebody listens there; raises CannotMeasure with the end of the log."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise CannotMeasure(f"nothing listens on port {port}: {log.read_text()[-900:]}")


def _stat(path: Path) -> tuple[int, float] | None:
    """(parent, CPU seconds) of a process or thread; None when it is gone."""
    try:
        text = path.read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def tree(root: int) -> list[int]:
    """The process and its descendants."""
    if not _HAS_PROC:
        return [root]
    parents = {}
    for path in _PROC.iterdir():
        if path.name.isdigit() and (found := _stat(path / "stat")):
            parents[int(path.name)] = found[0]
    family = [root]
    for pid in family:
        family.extend(child for child, parent in parents.items() if parent == pid)
    return family


def cpu_s(root: int) -> tuple[float, float] | None:
    """CPU seconds of the tree so far: (all threads, first threads alone); None without /proc."""
    if not _HAS_PROC:
        return None
    total = first = 0.0
    for pid in tree(root):
        for thread in (_PROC / str(pid) / "task").glob("*/stat"):
            if found := _stat(thread):
                total += found[1]
                first += found[1] if thread.parent.name == str(pid) else 0
    return total, first


def pss_mb(root: int) -> float | None:
    """Memory of the tree, shared pages divided among those who share them; None without /proc."""
    kilobytes = 0
    for pid in tree(root):
        try:
            text = (_PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            continue
        if found := re.search(r"^Pss:\s+(\d+)", text, re.M):
            kilobytes += int(found[1])
    return kilobytes / 1024 if kilobytes else None


def busy_s(cpus: Cpus) -> float | None:
    """Seconds these processors were not idle so far, whoever used them; None without /proc."""
    if not _HAS_PROC:
        return None
    total = 0.0
    for line in (_PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cpus:
            user, nice, system, _idle, _waiting, interrupts, soft, steal = map(int, fields[:8])
            total += (user + nice + system + interrupts + soft + steal) / _TICKS_PER_S
    return total
