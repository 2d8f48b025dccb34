from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playground_client import person

from billing import limits
from catalog import live

for folder in ("api", "billing"):
    sys.path.append(str(Path(__file__).parent.parent / folder))


def forget():
    limits.forget()
    live.forget()


@pytest.fixture(autouse=True)
def nothing_of_another_test():
    """Accounts of rolled back tests have the same ids, and their catalog is gone."""
    forget()
    yield
    forget()


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
