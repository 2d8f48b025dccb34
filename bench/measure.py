"""The measurements, each the same for the direct way and through the gateway."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import processes
from processes import CannotMeasure, Cpus

HERE = Path(__file__).resolve().parent
CONNECTIONS = (1, 16, 64)
RATE = 50
FLAT_STREAMS, FLAT_TOKENS = 64, 200
PACED_STREAMS, PACED_TOKENS, PACED_PER_S = 150, 150, 50
_STAGGER_S = 1.0
HUNG_UP_TOKENS, HUNG_UP_PER_S = 2000, 100
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Target:
    """What is measured. `pid` is the root of the gateway's processes, 0 for the direct way."""

    name: str
    url: str
    key: str
    model: str
    pid: int = 0


@dataclass(frozen=True)
class Bench:
    """How it is measured. `stats_url`: see provider.Provider. `wrk`: its path, or None for our own
    client."""

    gateway_cpus: Cpus
    load_cpus: Cpus
    seconds: float
    stats_url: str
    wrk: str | None = field(default_factory=lambda: shutil.which("wrk"))

    def round(self, target: Target) -> dict[str, dict[str, Any]]:
        """Every measurement once."""
        found = {f"closed {count}": self.closed(target, count) for count in CONNECTIONS}
        found["open"] = self._observed(target, self.load(target, "open", rate=RATE))
        found["flat"] = self._observed(target, self.flat(target))
        found["paced"] = self._observed(target, self.paced(target))
        if self.stats_url:
            found["hang-ups"] = self._observed(target, self.hang_ups(target))
        return found

    def closed(self, target: Target, connections: int) -> dict[str, Any]:
        if self.wrk is None:
            command = self.load(target, "closed", connections=connections)
        else:
            command = [
                self.wrk, "-t1", f"-c{connections}", f"-d{max(1, round(self.seconds))}s",
                "--timeout", "20s", "--latency", "-s", str(HERE / "wrk_chat.lua"), target.url,
            ]  # fmt: skip
        return self._observed(target, command)

    def flat(self, target: Target) -> list[str]:
        return self.load(
            target, "streams", streams=FLAT_STREAMS, tokens=FLAT_TOKENS,
            directive=f"tokens={FLAT_TOKENS} tps=0 ttft_ms=0",
        )  # fmt: skip

    def paced(self, target: Target) -> list[str]:
        stamp = " stamp" if self.stats_url else ""
        command = self.load(
            target, "streams", streams=PACED_STREAMS, tokens=PACED_TOKENS, stagger=_STAGGER_S,
            directive=f"tokens={PACED_TOKENS} tps={PACED_PER_S} ttft_ms=0{stamp}",
        )  # fmt: skip
        return [*command, "--stamped"] if self.stats_url else command

    def hang_ups(self, target: Target) -> list[str]:
        return self.load(
            target, "hang-ups", stats=self.stats_url,
            directive=f"tokens={HUNG_UP_TOKENS} tps={HUNG_UP_PER_S} ttft_ms=0",
        )  # fmt: skip

    def load(self, target: Target, mode: str, **options: object) -> list[str]:
        """The command line of our own load client."""
        command = [sys.executable, str(HERE / "load.py"), mode, target.url]
        for name, value in {"seconds": self.seconds, **options}.items():
            command += [f"--{name}", str(value)]
        return command

    def warm(self, target: Target) -> None:
        """Connections, caches, imports, and whether it answers at all."""
        self.run(target, self.load(target, "closed", connections=16, seconds=0.7))
        self.run(target, self.load(target, "streams", streams=4, seconds=0.2, tokens=1))

    def run(self, target: Target, command: list[str]) -> dict[str, Any]:
        env = {"KEY": target.key, "MODEL": target.model}
        output = processes.run(command, cpus=self.load_cpus, timeout_s=_TIMEOUT_S, env=env)
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
        if found.get("failures") and not (found.get("requests") or found.get("chunks")):
            raise CannotMeasure(f"{target.name} does not answer: {found['failures']}")
        return found

    def _observed(self, target: Target, command: list[str]) -> dict[str, Any]:
        """The client's figures, and what the gateway used meanwhile.

        `cpu_s` of all its threads, `loop_cpu_s` of the first ones (the event loops), and
        `others_busy`: the share of the gateway's processors that somebody else used.
        """
        start_s, busy = time.time(), processes.busy_s(self.gateway_cpus)
        used = processes.cpu_s(target.pid) if target.pid else None
        found = self.run(target, command)
        end_s = time.time()
        found["window"] = (start_s, end_s)
        now_busy = processes.busy_s(self.gateway_cpus)
        now_used = processes.cpu_s(target.pid) if target.pid else None
        own_s = 0.0
        if used is not None and now_used is not None:
            own_s = found["cpu_s"] = now_used[0] - used[0]
            found["loop_cpu_s"] = now_used[1] - used[1]
        if busy is not None and now_busy is not None:
            span_s = (end_s - start_s) * len(self.gateway_cpus)
            found["others_busy"] = max(0.0, (now_busy - busy - own_s) / span_s)
        return found
