"""One simulator for the session, on a free port, as fast as it can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simulator_process import Simulator, running


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    log_path = tmp_path_factory.mktemp("simulator") / "log.jsonl"
    with running(log_path, SIMULATOR_KEYS="lepton=sk-lepton-5678") as found:
        yield found


@pytest.fixture
def script(simulator: Simulator) -> Iterator[Simulator]:
    """For tests that post faults: nothing of them stays."""
    yield simulator
    simulator.control("DELETE", "/_faults")
