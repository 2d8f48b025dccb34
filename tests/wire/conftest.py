from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def everything_adds_up(gateways):
    """After each module: no hold is open, balances are sums of transfers, nothing broke unseen."""
    yield
    for gateway in gateways:
        gateway.verify()
        assert "Traceback" not in gateway.log()
