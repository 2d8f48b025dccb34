from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from openrouter_site.environment import env_accent


def test_no_accent_is_the_designs_own(monkeypatch):
    monkeypatch.delenv("SITE_ACCENT", raising=False)
    assert env_accent("SITE_ACCENT") is None


def test_an_accent_has_a_colour_for_each_theme(monkeypatch):
    monkeypatch.setenv("SITE_ACCENT", "#0A5C2F, #0b6b38")
    assert env_accent("SITE_ACCENT") == ("#0a5c2f", "#0b6b38")


@pytest.mark.parametrize("text", ["#0a5c2f", "green,blue", "#0a5c2f,#0b6b38,#000000", "#fff,#000"])
def test_an_accent_that_is_none_stops_the_start(monkeypatch, text):
    monkeypatch.setenv("SITE_ACCENT", text)
    with pytest.raises(ImproperlyConfigured, match="SITE_ACCENT"):
        env_accent("SITE_ACCENT")


def test_an_accent_too_bright_for_white_letters_stops_the_start(monkeypatch):
    monkeypatch.setenv("SITE_ACCENT", "#4d4bd1,#59d38c")
    with pytest.raises(ImproperlyConfigured, match="#59d38c have a contrast of 1.9"):
        env_accent("SITE_ACCENT")
