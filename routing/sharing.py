"""Processes tell each other of endpoints in trouble, through Redis (publish and subscribe).

Health is a matter of seconds, so nothing is stored: who starts now learns what happens from now
on. Without Redis, or while it is away, each process knows what it saw itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
import redis.asyncio as redis

from routing.health import Changes, Health

logger = logging.getLogger(__name__)

_INTERVAL_S = 0.25
_TIMEOUT_S = 2.0
_RECONNECT_S_MAX = 5.0
_ENDPOINTS_MAX = 10_000
_COUNT_MAX = 1_000_000
_EJECT_S_MAX = 3600.0

_OUTAGES = (redis.RedisError, OSError, TimeoutError)


async def share(health: Health, redis_url: str, instance_id: str) -> None:
    """For the life of a server process. Raises nothing; ends when cancelled."""
    pause_s = _INTERVAL_S
    away = False
    while True:
        client = redis.from_url(
            redis_url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )
        try:
            name = channel_name(client)
            async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
                await channel.subscribe(name)
                if away:
                    logger.info("health is shared through Redis again")
                away, pause_s = False, _INTERVAL_S
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_listen(channel, health, instance_id))
                    tasks.create_task(_tell(client, name, health, instance_id))
        except* _OUTAGES as group:
            if not away:
                logger.warning("health is not shared, Redis is away: %s", group.exceptions[0])
            away = True
        # What happened meanwhile is old news by then.
        await asyncio.sleep(pause_s)
        health.take_changes()
        pause_s = min(2 * pause_s, _RECONNECT_S_MAX)


def channel_name(client: redis.Redis) -> str:
    """Channels know no databases, but sites that share a Redis are told apart by its number."""
    number = client.connection_pool.connection_kwargs.get("db", 0)
    return f"openrouter:health:{number}"


async def _tell(client: redis.Redis, name: str, health: Health, instance_id: str) -> None:
    while True:
        await asyncio.sleep(_INTERVAL_S)
        if changes := health.take_changes():
            rows = [[endpoint_id, *change] for endpoint_id, change in changes.items()]
            await client.publish(name, orjson.dumps([instance_id, rows]))


async def _listen(channel: Any, health: Health, instance_id: str) -> None:
    while True:
        # The subscription is idle when all is well: only a broken connection ends the wait.
        message = await channel.get_message(timeout=_TIMEOUT_S / 2)
        if message is not None and message.get("type") == "message":
            health.apply(_changes(message["data"], instance_id))


def _changes(data: bytes, instance_id: str) -> Changes:
    """What another process said; nothing of what makes no sense."""
    try:
        sender, rows = orjson.loads(data)
        if sender == instance_id or len(rows) > _ENDPOINTS_MAX:
            return {}
        return {
            int(endpoint_id): (
                min(max(int(failures), 0), _COUNT_MAX),
                min(max(int(answers), 0), _COUNT_MAX),
                min(max(float(eject_s), 0.0), _EJECT_S_MAX),
            )
            for endpoint_id, failures, answers, eject_s in rows
        }
    except (ValueError, TypeError):
        logger.debug("a message about health makes no sense")
        return {}
