"""What several faults share. CHAOS=1 (as in `make chaos`) makes every fault long and every load
large; without it each takes a few seconds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent / "billing"))  # for postgres_proxy

import chaos_postgresql


@pytest.fixture(scope="session")
def own_postgresql(unavailable):
    """A server that only we use, with room for few connections."""
    if chaos_postgresql.binaries() is None:
        unavailable("PostgreSQL's server")
    with chaos_postgresql.running(connections=40) as server:
        yield server
