from __future__ import annotations

import pytest
from django.conf import settings as django_settings

from accounts import keys
from catalog import live


@pytest.fixture(autouse=True)
def api_middleware(settings):
    """As in production, whatever else the settings list."""
    name = "api.middleware.api_headers"
    settings.MIDDLEWARE = [name, *(each for each in django_settings.MIDDLEWARE if each != name)]


@pytest.fixture(autouse=True)
def collected_static_files(settings, tmp_path):
    """WhiteNoise warns of a folder that is not there."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture(autouse=True)
def connection_of_the_test_stays_open(monkeypatch):
    """Inside a test's transaction close_old_connections() would end it, as Django's own test
    client knows, which takes the same function off its signals."""
    for module in (live, keys):
        monkeypatch.setattr(module, "close_old_connections", lambda: None, raising=False)


@pytest.fixture(autouse=True)
def no_catalog_of_another_test():
    live.forget()
    yield
    live.forget()
