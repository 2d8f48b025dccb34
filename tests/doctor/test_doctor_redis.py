"""What the doctor says of a real Redis."""

from __future__ import annotations

import pytest
import redis
import redis_server
from gateway_process import free_port

from doctor.checks import processes, shared

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def redis_url(tool):
    with redis_server.running(tool("redis-server")) as url:
        yield url


@pytest.fixture
def client(redis_url, settings):
    settings.REDIS_URL = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
        yield client


def test_redis_that_is_right_is_ok_in_everything(client):
    for check in (shared.reachable, shared.eviction, shared.messages, shared.number):
        assert check(None).state == "ok", check(None)
    assert processes.queue(None).text == "0 tasks wait for the worker."


def test_redis_that_drops_keys_is_told(client):
    client.config_set("maxmemory-policy", "allkeys-lru")
    assert shared.eviction(None).state == "ok"
    client.config_set("maxmemory", 64_000_000)
    verdict = shared.eviction(None)
    assert (verdict.state, "allkeys-lru" in verdict.text) == ("warn", True)


def test_a_number_that_another_site_uses_is_bad(client):
    assert shared.number(None).state == "ok"
    client.set("openrouter:site", "another")
    verdict = shared.number(None)
    assert verdict.state == "bad"
    assert client.get("openrouter:site") == b"another"


def test_tasks_that_wait_in_redis_are_counted(client):
    client.rpush("celery", *range(101))
    assert processes.queue(None).state == "warn"


def test_redis_that_is_away_is_bad_and_its_password_stays_secret(settings):
    settings.REDIS_URL = f"redis://user:hunter2@127.0.0.1:{free_port()}/0"
    for check in (shared.reachable, shared.eviction, shared.messages, shared.number,
                  processes.queue):  # fmt: skip
        verdict = check(None)
        assert verdict.state == "bad"
        assert "hunter2" not in verdict.text + verdict.remedy


def test_channel_layer_that_is_there_must_deliver(settings):
    assert shared.channel_layer(None).state == "ok"
    layer = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.CHANNEL_LAYERS = layer
    assert shared.channel_layer(None).text == "channels.InMemoryChannelLayer delivered a message."
