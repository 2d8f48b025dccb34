"""`--profile`: where the gateway's time goes under each load, by py-spy (if it is there)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from measure import Bench, Target

_SAMPLES_PER_S = 250
_SHOWN = 40
_GRACE_S = 30


def py_spy() -> str | None:
    """Its path: beside this Python, or in PATH."""
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def profile(bench: Bench, target: Target, results: Path, stem: str) -> str:
    """Markdown; the collapsed stacks (for a flame graph) are kept in `results`."""
    program = py_spy()
    if program is None:
        return "No profile: install py-spy beside this Python, or in PATH.\n"
    loads = {
        "64 connections": bench.load(target, "closed", connections=64),
        "streams flat out": bench.flat(target),
        "paced streams": bench.paced(target),
    }
    parts = []
    for name, load in loads.items():
        stacks = results / f"{stem}-{name.replace(' ', '-')}.stacks"
        recorder = subprocess.Popen(
            [
                program, "record", "--pid", str(target.pid), "--rate", str(_SAMPLES_PER_S),
                "--duration", str(max(2, round(bench.seconds))), "--subprocesses",
                # Only who holds the interpreter: threads that wait are not told from those that
                # work everywhere. What SQLite does meanwhile is not in here.
                "--gil", "--function", "--format", "raw", "--output", str(stacks),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            bench.run(target, load)
            recorder.wait(_GRACE_S)
        finally:
            recorder.kill()
            recorder.wait()
        parts.append(f"### Profile: {name}\n\n{table(stacks.read_text())}")
    return "\n\n".join(parts)


def table(stacks: str) -> str:
    """Shares of all samples: in a function itself, and in it or what it calls."""
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    total = 0
    for line in stacks.splitlines():
        path, _, count = line.rpartition(" ")
        frames = [frame for frame in path.split(";") if not frame.startswith("process ")]
        total += int(count)
        own[frames[-1]] += int(count)
        for frame in set(frames):
            below[frame] += int(count)
    top = dict.fromkeys(frame for frame, _ in [*own.most_common(_SHOWN), *below.most_common(80)])
    rows = ["| itself | with callees | function |", "|--:|--:|---|"]
    for frame in sorted(top, key=lambda frame: -below[frame]):
        shares = (own[frame] / max(1, total), below[frame] / max(1, total))
        rows.append(f"| {shares[0]:.1%} | {shares[1]:.1%} | {frame} |")
    return "\n".join(rows)
