"""The provider behind the gateway: the mock in C, or, without a C compiler, the simulator."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import processes

_HERE = Path(__file__).resolve().parent
_SOURCE = _HERE / "mock_upstream.c"
_START_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Provider:
    """`base_url` is what a gateway is given. `stats_url` is of one that can tell when a token was
    made, and when a connection was lost amid an answer; else it is empty."""

    name: str
    base_url: str
    stats_url: str = ""

    @property
    def chat_url(self) -> str:
        return f"{self.base_url}/chat/completions"


@contextmanager
def running(folder: Path, cpus: processes.Cpus) -> Iterator[Provider]:
    """A provider on a free port of 127.0.0.1, for the time of the context."""
    port = processes.free_port()
    program = _compiled(folder)
    if program is not None:
        command = [str(program), "-p", str(port)]
        address = f"http://127.0.0.1:{port}"
        provider = Provider("mock in C", f"{address}/v1", f"{address}/_stats")
    else:
        command = [
            sys.executable, "-m", "simulator", "--port", str(port),
            "--ttft-ms", "0", "--tokens-per-second", "0",
        ]  # fmt: skip
        provider = Provider("simulator", f"http://127.0.0.1:{port}/openai/v1")
    log = folder / "provider.log"
    process = processes.start(command, cpus=cpus, log=log)
    try:
        processes.wait_for_port(process, port, _START_TIMEOUT_S, log)
        yield provider
    finally:
        processes.stop(process, 3)


def _compiled(folder: Path) -> Path | None:
    """The mock, built now; None when this machine cannot (no compiler, or no epoll)."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    program = folder / "mock_upstream"
    built = subprocess.run(
        [compiler, "-O2", "-o", str(program), str(_SOURCE)], capture_output=True, timeout=60
    )
    return program if built.returncode == 0 else None
