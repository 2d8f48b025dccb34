"""`make bench`: the gateway with keys, holds and settlement, against its provider alone.

Both ways are measured in one run, in turns, on the same machine: only their ratios mean anything.
One gateway worker on CPU 0; provider and load on CPU 1. Everything listens on 127.0.0.1 only and
is ended when the run ends, also by Ctrl-C. The table goes to stdout, and with all figures to
bench/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import gateway
import processes
import profiling
import provider
import report
from database import MODEL
from measure import Bench, Target
from processes import CannotMeasure

RESULTS = Path(__file__).resolve().parent / "results"
_DIRECT_SECONDS = 1.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round, 40 s in all")
    parser.add_argument("--rounds", type=int, help="default 3, with --quick 1")
    parser.add_argument("--seconds", type=float, help="a measurement; default 4, with --quick 2")
    parser.add_argument("--workers", type=int, default=1, help="processes of the gateway")
    parser.add_argument("--database", default="", metavar="postgresql://...", help="an empty one")
    parser.add_argument("--profile", action="store_true", help="afterwards, with py-spy")
    parser.add_argument("--folder", help="where the database is made: its disk is measured too")
    given = parser.parse_args()
    given.rounds = given.rounds or (1 if given.quick else 3)
    given.seconds = given.seconds or (2.0 if given.quick else 4.0)
    return given


def processors(workers: int) -> tuple[processes.Cpus, processes.Cpus]:
    """(gateway, load): apart where there are enough; the load keeps the last one for itself."""
    if not hasattr(os, "sched_getaffinity"):
        return frozenset(), frozenset()
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) == 1:
        return frozenset(cpus), frozenset(cpus)
    return frozenset(cpus[: max(1, workers)]), frozenset(cpus[-1:])


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Run:
    """One run in a temporary folder: what it measured, round by round."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given = given
        self.folder = folder
        self.gateway_cpus, self.load_cpus = processors(given.workers)
        self.direct: list[dict[str, Any]] = []
        self.ours: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}
        self.profile = ""

    def measure(self, stem: str) -> None:
        with ExitStack() as stack:
            upstream = stack.enter_context(provider.running(self.folder, self.load_cpus))
            self.facts["provider"] = upstream.name
            env = gateway.environment(
                self.folder, processes.free_port(), self.given.database, self.given.workers
            )
            say("preparing the database")
            ready = gateway.prepared(env, upstream.base_url, self.gateway_cpus)
            say("single steps")
            self.facts["micro"] = gateway.microbenchmarks(ready, self.gateway_cpus)
            with gateway.running(ready, self.gateway_cpus, self.folder / "server.log") as served:
                target = Target("gateway", served.chat_url, served.key, MODEL, served.pid)
                self._rounds(Target("direct", upstream.chat_url, "none", "mock"), target, upstream)
                self._profile(target, upstream, stem)
            self._commits(ready)
            self.facts["ledger"] = gateway.verified(ready, self.gateway_cpus)
        log = (self.folder / "server.log").read_text()
        self.facts["server_log"] = log[-4000:]

    def _bench(self, upstream: provider.Provider) -> Bench:
        return Bench(self.gateway_cpus, self.load_cpus, self.given.seconds, upstream.stats_url)

    def _rounds(self, direct: Target, ours: Target, upstream: provider.Provider) -> None:
        bench = self._bench(upstream)
        self.facts["load"] = "wrk and load.py" if bench.wrk else "load.py"
        bench.warm(direct)
        bench.warm(ours)
        idle_mb = processes.pss_mb(ours.pid)
        for number in range(1, self.given.rounds + 1):
            say(f"round {number} of {self.given.rounds}: direct")
            self.direct.append(replace(bench, seconds=_DIRECT_SECONDS).round(direct))
            say(f"round {number} of {self.given.rounds}: gateway")
            found = bench.round(ours)
            found["memory"] = {"idle_mb": idle_mb, "after_mb": processes.pss_mb(ours.pid)}
            self.ours.append(found)

    def _profile(self, target: Target, upstream: provider.Provider, stem: str) -> None:
        if self.given.profile:
            say("profiling")
            bench = replace(self._bench(upstream), seconds=max(6.0, self.given.seconds))
            self.profile = profiling.profile(bench, target, RESULTS, stem)

    def _commits(self, ready: gateway.Gateway) -> None:
        measured = [found for each in self.ours for found in each.values() if "window" in found]
        windows = [found["window"] for found in measured]
        counts = gateway.commits(ready, windows, self.gateway_cpus)
        for found, count in zip(measured, counts, strict=True):
            found["writer"] = count

    def markdown(self, title: str) -> str:
        given, facts = self.given, self.facts
        database = "PostgreSQL" if given.database else "SQLite"
        failed = report.failures("direct", self.direct) + report.failures("gateway", self.ours)
        return "\n".join(
            [
                f"## {title}",
                "",
                f"{given.workers} worker(s) on CPU {_names(self.gateway_cpus)}, provider"
                f" ({facts['provider']}) and load ({facts['load']}) on CPU"
                f" {_names(self.load_cpus)}, {database}, {given.rounds} round(s) of"
                f" {given.seconds:g} s; medians (lowest–highest)",
                "",
                report.table(self.direct, self.ours),
                "",
                *(failed or ["No request failed, no stream was short."]),
                f"Ledger: {facts['ledger']}.",
                *([f"Server log:\n```\n{facts['server_log']}```"] if facts["server_log"] else []),
                "",
                report.micro_table(facts["micro"]),
                "",
                self.profile,
            ]
        )

    def figures(self) -> dict[str, Any]:
        facts = {name: value for name, value in self.facts.items() if name != "server_log"}
        return {"arguments": vars(self.given), "direct": self.direct, "gateway": self.ours} | facts


def _names(cpus: processes.Cpus) -> str:
    return ",".join(map(str, sorted(cpus))) or "any"


_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _end(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: a second one must not interrupt the ending of what we started.
    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    given = arguments()
    for number in _ENDS:
        signal.signal(number, _end)
    RESULTS.mkdir(exist_ok=True)
    stem = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder:
        run = Run(given, Path(folder))
        try:
            run.measure(stem)
        except CannotMeasure as error:
            sys.exit(f"bench: {error}")
        except KeyboardInterrupt:
            sys.exit("bench: stopped; everything it started has ended")
    text = run.markdown(stem)
    (RESULTS / f"{stem}.md").write_text(text)
    (RESULTS / f"{stem}.json").write_text(json.dumps(run.figures(), indent=1))
    print(text)
    say(f"{time.monotonic() - began_s:.0f} s; figures in {RESULTS.name}/{stem}.json")


if __name__ == "__main__":
    main()
