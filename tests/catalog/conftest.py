from __future__ import annotations

import os

import pytest

from catalog import document, live


@pytest.fixture(autouse=True)
def _nothing_left_from_elsewhere(monkeypatch, settings):
    """No credential of this machine, no stand-in, no snapshot of the test before."""
    named = {
        name
        for row in document.parse(document.packaged()).providers
        for name in row.fields["credential_env"]
    }
    for name in named | {"LOCAL_KEY"}:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    assert not any(name in os.environ for name in named)
    settings.UNCONFIGURED_PROVIDER_URL = ""
    live.forget()
    yield
    live.forget()
