"""Django's admin, and our pages in it, work under the policy of all pages."""

from __future__ import annotations

import pytest
from gateway_process import unique

PATHS = [
    "/admin/",
    "/admin/catalog/provider/",
    "/admin/catalog/provider/1/change/",
    "/admin/catalog/endpoint/?q=gpt",
    "/admin/catalog/credential/add/",
    "/admin/accounts/user/",
    "/admin/accounts/apikey/",
    "/admin/billing/account/",
    "/admin/billing/transfer/",
]


@pytest.fixture
def operator(person, gateway):
    session = gateway.desk("session", email=f"{unique('alice')}@example.com", is_staff=True)
    return person(gateway, session=session)


@pytest.mark.parametrize("path", PATHS)
def test_admin_page_breaks_no_rule(operator, path):
    page = operator.open(path)
    assert page.evaluate("window.refused") == []
    assert operator.watch.errors == []
    assert operator.watch.foreign == []
