from __future__ import annotations

import pytest
from playground_client import person


@pytest.fixture(scope="module", autouse=True)
def everything_adds_up(gateways, lasting_gateways):
    """After each module: no hold is open, balances are sums of transfers, nothing broke unseen."""
    yield
    for gateway in [*gateways, *lasting_gateways]:
        gateway.verify()
        assert "Traceback" not in gateway.log()


@pytest.fixture
def alice(gateway):
    return person(gateway)


@pytest.fixture
def bob(gateway):
    return person(gateway)
