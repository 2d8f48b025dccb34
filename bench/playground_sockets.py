"""`make bench-sockets`: 200 open pages of the Playground with three panes each, all streaming.

One server process on CPU 0 holds them; provider and pages are on the last one. Measured is the gap
between two frames that bring words of the same pane, on the side of the page; 40 ms is what the
server intends. Then the books are checked, and that each answer is kept whole.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import gateway
import playground_pages
import processes
import provider
from playground_pages import Load, Pane
from processes import CannotMeasure


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--panes", type=int, default=3)
    parser.add_argument("--tps", type=float, default=10, help="tokens a second of each pane")
    parser.add_argument("--seconds", type=float, default=20, help="how long each pane streams")
    parser.add_argument("--database", default="", metavar="postgresql://...", help="an empty one")
    parser.add_argument("--folder", help="where the database is made")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    with tempfile.TemporaryDirectory(prefix="bench-sockets-", dir=given.folder) as folder:
        try:
            measure(given, Path(folder), frozenset(cpus[:1]), frozenset(cpus[-1:]))
        except CannotMeasure as error:
            sys.exit(f"bench: {error}")


def measure(
    given: argparse.Namespace, folder: Path, server_cpus: processes.Cpus, load_cpus: processes.Cpus
) -> None:
    port = processes.free_port()
    database = given.database or f"sqlite:///{folder}/bench.sqlite3"
    env = gateway.environment(folder, port, database, workers=1)
    with provider.running(folder, load_cpus) as upstream:
        print(f"bench: {upstream.name}, {given.sockets} sockets x {given.panes} panes", flush=True)
        prepared = gateway.prepared(env, upstream.base_url, load_cpus)
        command = [sys.executable, "bench/playground_rows.py", str(given.sockets)]
        output = processes.run(command, cpus=load_cpus, timeout_s=300, env=env)
        visitors = json.loads(output.splitlines()[-1])
        with gateway.running(prepared, server_cpus, folder / "server.log") as running:
            os.sched_setaffinity(0, load_cpus or {0})
            tokens = round(given.tps * given.seconds)
            load = Load(port, visitors, given.panes, tokens, given.tps, stagger_s=4.0)
            cpu_before_s, began_s = _cpu_s(running.pid), time.perf_counter()
            panes, frames = asyncio.run(playground_pages.run(load))
            took_s = time.perf_counter() - began_s
            cpu_s = _cpu_s(running.pid) - cpu_before_s
            memory_mb = processes.pss_mb(running.pid)
            report(panes, frames, took_s, cpu_s, memory_mb, load)
        print(f"ledger: {gateway.verified(prepared, load_cpus)}")
        log = (folder / "server.log").read_text()
        print(f"server's log: {log or 'empty'}"[:2000])


def report(
    panes: Sequence[Pane], frames: int, took_s: float, cpu_s: float, memory_mb: float | None,
    load: Load,
) -> None:  # fmt: skip
    all_there_s = max(pane.at_s[0] for pane in panes if pane.at_s)
    gaps_ms = sorted(gap for pane in panes for gap in pane.gaps_ms(0))
    steady_ms = sorted(gap for pane in panes for gap in pane.gaps_ms(all_there_s))
    states = {
        state: sum(pane.state == state for pane in panes) for state in {p.state for p in panes}
    }
    lengths_s = sorted(pane.at_s[-1] - pane.at_s[0] for pane in panes if pane.at_s)
    whole = sum(pane.tokens == load.tokens for pane in panes)
    print(f"panes: {states}, {whole} of {len(panes)} with all {load.tokens} tokens")
    print(f"gap between frames of a pane: {_spread(gaps_ms)}")
    print(f"... while all of them stream: {_spread(steady_ms)}")
    print(f"a pane streamed {_at(lengths_s, 0.5):.1f} s (ideally {load.tokens / load.tps:.1f} s)")
    print(
        f"server: {frames / took_s:.0f} frames/s, CPU {100 * cpu_s / took_s:.0f} %,"
        f" {memory_mb or 0:.0f} MB, {took_s:.0f} s in all"
    )


def _cpu_s(pid: int) -> float:
    """User and system time of the server so far; 0 where nobody can tell."""
    return (processes.cpu_s(pid) or (0.0, 0.0))[0]


def _spread(values: Sequence[float]) -> str:
    parts = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9"), (1, "max"))
    return ", ".join(f"{name} {_at(values, share):.0f} ms" for share, name in parts)


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


if __name__ == "__main__":
    main()
