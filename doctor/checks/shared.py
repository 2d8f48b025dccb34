"""What processes share beside the database: Redis, and the channel layer."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder

from doctor.verdict import Check, Verdict, Visit, bad, ok, warn

REDIS, CHANNELS = "Redis", "Channel layer"
_TIMEOUT_S = 2.0
_MARK = "openrouter:site"
_MARK_KEPT_S = 7 * 86_400
_NOT_CONFIGURED = "Not configured: each process keeps its own limits, and the queue is a folder."


def redis_client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=None,
    )  # fmt: skip


def _place() -> str:
    parts = urlsplit(settings.REDIS_URL)
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"


def _away(error: Exception) -> Verdict:
    return bad(
        f"Redis at {_place()} does not answer as it should ({type(error).__name__}).",
        "Check that it runs, and REDIS_URL; or unset it to run without.",
    )


def reachable(visit: Visit | None) -> Verdict:
    if not settings.REDIS_URL:
        if settings.WORKERS > 1:
            return ok(f"{_NOT_CONFIGURED} {settings.WORKERS} processes share rate limits evenly.")
        return ok(_NOT_CONFIGURED)
    started_s = time.monotonic()
    try:
        with redis_client() as client:
            client.ping()
            version = _info(client, "server").get("redis_version", "?")
    except (redis.RedisError, OSError) as error:
        return _away(error)
    ms = round((time.monotonic() - started_s) * 1000)
    return ok(f"Redis {version} at {_place()} answers in {ms} ms.")


def _info(client: redis.Redis, section: str) -> dict[str, Any]:
    found = client.info(section)
    return found if isinstance(found, dict) else {}


def eviction(visit: Visit | None) -> Verdict:
    if not settings.REDIS_URL:
        return ok("Not configured.")
    try:
        with redis_client() as client:
            memory = _info(client, "memory")
    except (redis.RedisError, OSError) as error:
        return _away(error)
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy == "noeviction":
        return ok("Nothing is evicted (noeviction).")
    if not memory.get("maxmemory"):
        return ok(f"Memory is not limited, so {policy} never applies.")
    return warn(
        f"When its memory is full, Redis drops keys ({policy}): limits, and tasks that wait.",
        "Set maxmemory-policy noeviction.",
    )


def messages(visit: Visit | None) -> Verdict:
    """By these, processes tell each other of outages."""
    if not settings.REDIS_URL:
        return ok("Not configured: one process knows of outages what it saw itself.")
    channel, word = f"openrouter:doctor:{secrets.token_hex(8)}", secrets.token_hex(8).encode()
    try:
        with redis_client() as client, client.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe(channel)
            # The answer to the subscription comes first, and is ignored.
            pubsub.get_message(timeout=_TIMEOUT_S)
            client.publish(channel, word)
            message = pubsub.get_message(timeout=_TIMEOUT_S)
    except (redis.RedisError, OSError) as error:
        return _away(error)
    if message is None or message["data"] != word:
        return bad(
            "A message that was published did not arrive.",
            "Let the user of REDIS_URL publish and subscribe (ACL: allchannels).",
        )
    return ok("A message that was published arrived.")


def number(visit: Visit | None) -> Verdict:
    """Two sites on one number would count each other's limits and take each other's tasks."""
    if not settings.REDIS_URL:
        return ok("Not configured.")
    try:
        with redis_client() as client:
            own = int(client.connection_pool.connection_kwargs.get("db", 0))
            mark = _site_mark()
            client.set(_MARK, mark, nx=True)
            found = client.get(_MARK)
            if found == mark:
                client.expire(_MARK, _MARK_KEPT_S)
    except (redis.RedisError, OSError) as error:
        return _away(error)
    if found != mark:
        return bad(
            f"Another site, with another database, uses number {own} of this Redis too.",
            f"Give each a number of its own: REDIS_URL=redis://.../{own + 1}. If the other one is"
            f" gone, delete the key {_MARK}.",
        )
    return ok(f"Number {own} of this Redis is this site's alone.")


def _site_mark() -> bytes:
    """The same in every process of this site: when its database was made."""
    first = MigrationRecorder.Migration.objects.order_by("id").values_list("applied", flat=True)[:1]
    born = "".join(str(moment) for moment in first)
    return hashlib.sha256(born.encode()).hexdigest()[:16].encode()


def channel_layer(visit: Visit | None) -> Verdict:
    layer: Any = get_channel_layer()
    if layer is None:
        return ok("Not configured: a socket is served by the process that accepted it.")
    name = f"{type(layer).__module__.split('.')[0]}.{type(layer).__name__}"
    try:
        arrived = asyncio.run(_sent_and_received(layer))
    except Exception as error:  # each kind of layer has its own
        return bad(
            f"{name} failed ({type(error).__name__}).", "Check CHANNEL_LAYERS and REDIS_URL."
        )
    if not arrived:
        return bad(f"{name} lost a message.", "Check CHANNEL_LAYERS and REDIS_URL.")
    return ok(f"{name} delivered a message.")


async def _sent_and_received(layer: Any) -> bool:
    async with asyncio.timeout(_TIMEOUT_S):
        channel = await layer.new_channel()
        sent = {"type": "doctor.echo", "word": secrets.token_hex(8)}
        await layer.send(channel, sent)
        return bool(await layer.receive(channel) == sent)


CHECKS = (
    Check("redis.reachable", REDIS, "Answers", reachable),
    Check("redis.eviction", REDIS, "Keeps what it is given", eviction),
    Check("redis.messages", REDIS, "Publish and subscribe", messages, timeout_s=7),
    Check("redis.number", REDIS, "Own database number", number),
    Check("channels.layer", CHANNELS, "Delivers", channel_layer),
)
