from __future__ import annotations

import sys
from pathlib import Path

import contract
import pytest
from django.test import Client

from billing import limits
from catalog import live
from routing import statistics

for folder in ("activity", "rankings"):
    sys.path.append(str(Path(__file__).parent.parent / folder))


class ContractClient(Client):
    """Every answer of the API is what the OpenAPI document says."""

    def request(self, **request):
        answer = super().request(**request)
        # What cannot be an address comes here as it is on the wire.
        path = request["PATH_INFO"].encode("latin-1").decode(errors="replace")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        body = b"" if answer.streaming else answer.content
        contract.check(request["REQUEST_METHOD"], path, answer.status_code, headers, body)
        return answer


@pytest.fixture
def client():
    return ContractClient()


@pytest.fixture(autouse=True)
def no_requests_of_another_test():
    """Accounts of rolled back tests have the same ids."""
    limits.forget()


@pytest.fixture(autouse=True)
def no_catalog_of_another_test():
    live.forget()
    statistics.forget()
    yield
    live.forget()
    statistics.forget()
