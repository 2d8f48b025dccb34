"""The cache that goes on in memory while Redis is away."""

from __future__ import annotations

import pytest

from openrouter_site.cache import RedisOrMemory


@pytest.fixture
def nowhere():
    """A port where no Redis is."""
    cache = RedisOrMemory("redis://127.0.0.1:9/0", {"OPTIONS": {"socket_connect_timeout": 0.2}})
    cache.clear()
    return cache


def test_cache_counts_in_memory_while_redis_is_away(nowhere, caplog):
    assert nowhere.add("tries", [1], 60)
    assert not nowhere.add("tries", [2], 60)
    nowhere.set("tries", [3], 60)
    assert nowhere.get("tries") == [3]
    assert nowhere.delete("tries")
    assert nowhere.get("tries", "none") == "none"
    assert "in memory: ConnectionError" in caplog.text
