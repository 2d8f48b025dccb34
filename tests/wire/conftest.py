from __future__ import annotations

import pytest
from gateway_process import unique


@pytest.fixture(scope="module", autouse=True)
def everything_adds_up(gateways, lasting_gateways):
    """After each module: no hold is open, balances are sums of transfers, nothing broke unseen."""
    yield
    for gateway in [*gateways, *lasting_gateways]:
        gateway.verify()
        assert "Traceback" not in gateway.log()


@pytest.fixture(scope="module")
def alice(gateway):
    """She has enough for everything."""
    return gateway.caller(credits="50")


@pytest.fixture(scope="module")
def bob(impatient_gateway):
    return impatient_gateway.caller(credits="50")


@pytest.fixture
def canary(gateway):
    """A word to put into a prompt that no provider must see."""
    word = unique("canary")
    yield word
    assert gateway.upstream(word) == []
    assert gateway.is_healthy()
