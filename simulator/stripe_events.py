"""Events on their way: signed as Stripe signs them, repeated until somebody says 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from urllib.parse import urlsplit

import orjson

from simulator.stripe_world import Object, World

_RETRY_DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
_TIMEOUT_S = 10.0


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    mac = hmac.new(secret.encode(), b"%d.%s" % (timestamp, payload), hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


class Post:
    """Delivers in the background; what is under way ends with the program."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def send_fresh(self, world: World) -> None:
        """All events that happened since, unless they are held back."""
        fresh, world.fresh = world.fresh, []
        if not world.is_held:
            for event_id in fresh:
                self.send(world, event_id)

    def send(self, world: World, event_id: str, copies: int = 1) -> None:
        event = world.get("event", event_id)
        for endpoint in list(world.each("webhook_endpoint")):
            if endpoint["enabled_events"] in (["*"], []) or (
                event["type"] in endpoint["enabled_events"]
            ):
                for _ in range(copies):
                    task = asyncio.create_task(_deliver(world, event, endpoint))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)


async def _deliver(world: World, event: Object, endpoint: Object) -> None:
    for delay_s in _RETRY_DELAYS_S:
        await asyncio.sleep(delay_s)
        payload = orjson.dumps(event)
        signed = signature(payload, endpoint["secret"], int(time.time()))
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status = await _post(endpoint["url"], payload, signed)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            status = 0
        world.deliveries.append({"event": event["id"], "type": event["type"], "status": status})
        if 200 <= status < 300:
            return


async def _post(url: str, payload: bytes, signed: str) -> int:
    """The status; plain HTTP, a connection for each."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(payload)}\r\n"
            f"User-Agent: Stripe/1.0 (simulator)\r\nStripe-Signature: {signed}\r\n\r\n"
        )
        writer.write(head.encode() + payload)
        await writer.drain()
        return int((await reader.readline()).split(b" ", 2)[1])
    except IndexError:
        return 0
    finally:
        writer.close()
