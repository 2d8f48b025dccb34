from __future__ import annotations

import pytest

from catalog import document, live

CREDENTIALS = {
    name
    for entry in document.packaged()["providers"]
    for name in (entry["env_var"], *entry["env_var_aliases"], "LOCAL_KEY")
}


@pytest.fixture(autouse=True)
def _nothing_left_from_elsewhere(monkeypatch, settings):
    """No credential of this machine, no stand-in, no snapshot of the test before."""
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    settings.UNCONFIGURED_PROVIDER_URL = ""
    live.forget()
    yield
    live.forget()
