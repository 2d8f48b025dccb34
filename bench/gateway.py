"""Our gateway under test: a fresh database, a key, the server on its own processors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import processes
from processes import CannotMeasure

HERE = Path(__file__).resolve().parent
_PREPARE_TIMEOUT_S = 120.0
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Gateway:
    """One that runs, or only its database (`pid` 0)."""

    env: dict[str, str]
    key: str
    chat_url: str = ""
    pid: int = 0


def environment(folder: Path, port: int, database: str, workers: int) -> dict[str, str]:
    """Everything the server, manage.py and our own scripts must agree on."""
    # Providers of the catalogue have an address, so that a plan has all of them to choose from.
    nobody = "http://127.0.0.1:9/{slug}"
    return {
        "DATA_DIR": str(folder / "var"),
        "DATABASE_URL": database,
        "UNCONFIGURED_PROVIDER_URL": nobody,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": str(workers),
        "LOG_LEVEL": "WARNING",
        "PRODUCTION": "0",
        "REDIS_URL": "",
        "DRAIN_TIMEOUT_S": "5",
        # What we can do, not what one account may.
        "RATE_LIMITS": "0",
        "PYTHONPATH": str(processes.ROOT),
    }


def prepared(env: dict[str, str], base_url: str, cpus: processes.Cpus) -> Gateway:
    """Tables, catalogue, the provider at `base_url`, and a key."""
    Path(env["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    output = _python("bench/database.py", "prepare", base_url, env=env, cpus=cpus)
    return Gateway(env, output.split()[-1])


@contextmanager
def running(gateway: Gateway, cpus: processes.Cpus, log: Path) -> Iterator[Gateway]:
    """The server, for the time of the context; `pid` is the root of its processes."""
    port = int(gateway.env["PORT"])
    process = processes.start(
        [sys.executable, "-m", "openrouter_site.server"], cpus=cpus, log=log, env=gateway.env
    )
    try:
        processes.wait_for_port(process, port, _START_TIMEOUT_S, log)
        url = f"http://127.0.0.1:{port}/api/v1/chat/completions"
        yield Gateway(gateway.env, gateway.key, url, process.pid)
        if process.poll() is not None:
            raise CannotMeasure(f"the server ended by itself: {log.read_text()[-900:]}")
    finally:
        processes.stop(process, _STOP_TIMEOUT_S)


def commits(
    gateway: Gateway, windows: Sequence[tuple[float, float]], cpus: processes.Cpus
) -> list[dict[str, Any]]:
    """[{"operations", "commits"}] of the money writer in each window of Unix seconds."""
    spans = [f"{start_s:.6f},{end_s:.6f}" for start_s, end_s in windows]
    output = _python("bench/database.py", "commits", *spans, env=gateway.env, cpus=cpus)
    found: list[dict[str, Any]] = json.loads(output)
    return found


def verified(gateway: Gateway, cpus: processes.Cpus) -> str:
    """What `manage.py verify_ledger` says after the run, in one line."""
    if not any(processes.ROOT.glob("*/management/commands/verify_ledger.py")):
        return "manage.py verify_ledger is not there yet"
    try:
        output = _python("manage.py", "verify_ledger", env=gateway.env, cpus=cpus)
    except CannotMeasure as error:
        return f"FAILED: {' '.join(str(error).split())}"
    return " ".join(output.split())[:300] or "in order"


def microbenchmarks(gateway: Gateway, cpus: processes.Cpus) -> dict[str, Any]:
    output = _python("bench/micro.py", env=gateway.env, cpus=cpus)
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def _python(script: str, *arguments: str, env: dict[str, str], cpus: processes.Cpus) -> str:
    command = [sys.executable, script, *arguments]
    return processes.run(command, cpus=cpus, timeout_s=_PREPARE_TIMEOUT_S, env=env)
