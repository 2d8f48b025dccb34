"""Probes by a worker with its clock, on both queues; the server tries who fails them last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from gateway_process import Gateway, free_port, wait_until
from simulator_process import Simulator, start, stop
from wire_client import endpoints_of

pytestmark = pytest.mark.database

ROOT = Path(__file__).resolve().parents[2]
MODEL = "mistralai/mixtral-8x7b-instruct"


@pytest.fixture
def own_simulator(tmp_path):
    """Nobody else's faults."""
    process, port = start(
        "--ttft-ms", "0", "--tokens-per-second", "0", "--log", str(tmp_path / "l")
    )
    yield Simulator(port, tmp_path / "l")
    stop(process)


@pytest.fixture(params=["folder", "redis"])
def redis_url(request, tool):
    """Of a Redis of our own; empty for the queue of a fresh clone."""
    if request.param == "folder":
        yield ""
        return
    port = free_port()
    process = subprocess.Popen(
        [tool("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def worker_of():
    """Starts the product's worker beside a gateway."""
    processes = []

    def begin(gateway):
        command = ["celery", "-q", "-A", "openrouter_site", "worker", "--beat", "--pool=threads"]
        environment = gateway.environment | {"PYTHONPATH": str(ROOT)}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", *command, "--without-gossip", "--without-mingle"],
                env=environment, cwd=ROOT, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
        return processes[-1]

    yield begin
    for process in processes:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def stability(gateway, caller):
    found = endpoints_of(gateway, caller, MODEL)
    return {name: endpoint["stable"] for name, endpoint in found.items()}


@pytest.mark.timeout(180)
def test_who_fails_its_probes_is_tried_last(
    template, own_simulator, redis_url, worker_of, tmp_path, gateways
):
    gateway = Gateway(
        template, own_simulator, tmp_path, REDIS_URL=redis_url,
        PROBE_INTERVAL_S="1", TIMEOUT_SCALE="0.05", FIRST_CONTENT_TIMEOUT_S="20",
    )  # fmt: skip
    gateways.append(gateway)
    alice = gateway.start().caller()
    assert set(stability(gateway, alice).values()) == {True}
    own_simulator.control(
        "POST", "/_faults", [{"provider": "deepinfra", "directive": "status=503"}]
    )
    worker_of(gateway)
    wait_until(lambda: stability(gateway, alice)["DeepInfra"] is False, "the demotion", 60)
    others = stability(gateway, alice)
    assert [name for name, stable in others.items() if not stable] == ["DeepInfra"]
    rows = gateway.sql("SELECT provider_slug, ok, status FROM routing_providerprobe")
    assert {row["provider_slug"] for row in rows if not row["ok"]} == {"deepinfra"}
    assert len(rows) > 10
    own_simulator.control("DELETE", "/_faults")
    wait_until(lambda: stability(gateway, alice)["DeepInfra"], "the recovery", 60)
