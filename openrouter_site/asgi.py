"""The ASGI application: lifespan, the inference paths, Django for the rest.

The inference paths are bare callables: Django's handler alone costs more than they do
(design/speed.md). Everything of a process that lives longer than a request starts and ends here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402

from api import chat, guard, objects, route  # noqa: E402
from api.http import Receive, Scope, Send  # noqa: E402
from billing import limits, recovery  # noqa: E402
from billing.holds import Cashier  # noqa: E402
from catalog import live  # noqa: E402
from doctor import echo  # noqa: E402
from openrouter_site.database import OUTAGES  # noqa: E402
from playground import consumer, fallback  # noqa: E402
from playground.service import Playground  # noqa: E402
from routing import tokens  # noqa: E402
from routing.complete import Engine  # noqa: E402
from routing.demotion import obey_probes  # noqa: E402
from routing.exchange import Deadlines, Register  # noqa: E402
from routing.fetching import Fetcher  # noqa: E402
from routing.health import Health  # noqa: E402
from routing.keyring import Keyring  # noqa: E402
from routing.moderation import Moderator  # noqa: E402
from routing.reach import Reach  # noqa: E402
from routing.reports import report  # noqa: E402
from routing.sharing import share  # noqa: E402
from routing.statistics import Statistics  # noqa: E402
from routing.upstream import Upstream  # noqa: E402

logger = logging.getLogger(__name__)


class Process:
    """What runs as long as this server process: the engine and its watchers."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self.playground: Playground | None = None
        self._watchers: list[asyncio.Task[None]] = []
        self._starting: asyncio.Lock | None = None

    async def started(self) -> Engine:
        """The engine; made by the lifespan, or by the first request under a server without one."""
        if self.engine is None:
            self._starting = self._starting or asyncio.Lock()
            async with self._starting:
                if self.engine is None:
                    self.engine = await self._start()
        return self.engine

    async def _start(self) -> Engine:
        await asyncio.to_thread(tokens.load)
        await live.start()
        cashier = Cashier()
        cashier.writer.start()
        try:
            # Holds belong to a living instance, so it lives before the first of them.
            await asyncio.to_thread(recovery.arrive, cashier.instance_id)
        except OUTAGES:
            logger.exception("starting without a database")
        upstream = Upstream(settings.CONNECT_TIMEOUT_S)
        keyring = Keyring(live.credentials, settings.ROUTING_OUTAGE_WINDOW_S)
        reach = Reach(
            upstream=upstream,
            health=Health(
                settings.ROUTING_OUTAGE_WINDOW_S,
                answers_per_failure=settings.ROUTING_ANSWERS_PER_FAILURE,
                is_shared=bool(settings.REDIS_URL),
            ),
            statistics=Statistics(cashier.instance_id),
            keyring=keyring,
            fetcher=Fetcher(),
            moderator=Moderator(upstream, keyring, live.peek, settings.MODERATION),
        )
        register = Register(_deadlines(), settings.ROUTING_RETRY_SHARE)
        engine = Engine(live.peek, cashier, register, reach)
        self.playground = Playground(engine)
        watchers = [
            live.watch(),
            register.watch(),
            recovery.run(cashier.instance_id, cashier.journal),
            engine.prompts.watch(),
            *self.playground.watchers(),
            reach.own_use.watch(settings.STATISTICS_WRITE_INTERVAL_S),
            reach.statistics.watch(
                settings.STATISTICS_WRITE_INTERVAL_S, settings.STATISTICS_READ_INTERVAL_S
            ),
            obey_probes(
                reach.health, reach.statistics, live.peek, settings.STATISTICS_WRITE_INTERVAL_S
            ),
            report(
                register, reach.health, cashier.instance_id, settings.STATISTICS_WRITE_INTERVAL_S
            ),
        ]
        if settings.REDIS_URL:
            watchers.append(limits.watch())
            watchers.append(share(reach.health, settings.REDIS_URL, cashier.instance_id))
        self._watchers = [asyncio.create_task(watcher) for watcher in watchers]
        _calm_garbage_collection()
        return engine

    async def drain(self) -> None:
        """No new requests; what runs may finish. Called at SIGTERM, before connections close."""
        if self.engine is not None and self.playground is not None:
            drained = self.engine.register.drain(settings.DRAIN_TIMEOUT_S)
            await self.playground.drain(asyncio.create_task(drained))

    async def stop(self) -> None:
        """After the drain: everything is settled; leave."""
        if self.engine is None:
            return
        await self.drain()
        await asyncio.gather(self.engine.prompts.flush(), self.engine.reach.own_use.flush())
        if self.playground is not None:
            await self.playground.stop()
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await self.engine.cashier.writer.stop()
        self.engine.reach.upstream.close()
        with contextlib.suppress(*OUTAGES):
            await asyncio.to_thread(recovery.depart, self.engine.cashier.instance_id)
        self.engine = None


def _calm_garbage_collection() -> None:
    """What lives as long as the process is not looked at again: a tenth of a request's time.

    Requests leave few cycles behind, so the collector may come less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _deadlines() -> Deadlines:
    return Deadlines(
        request_s=settings.REQUEST_TIMEOUT_S,
        attempt_s=settings.ATTEMPT_TIMEOUT_S,
        first_content_s=settings.FIRST_CONTENT_TIMEOUT_S,
        chunk_gap_s=settings.CHUNK_GAP_TIMEOUT_S,
        write_stall_s=settings.WRITE_STALL_TIMEOUT_S,
        tick_s=0.25 * min(1, settings.TIMEOUT_SCALE),
    )


process = Process()

# Whatever reads the memory of the engine. All other paths are Django's.
INFERENCE: dict[str, Callable[[Engine, Scope, Receive, Send], Awaitable[None]]] = {
    "/api/v1/chat/completions": partial(chat.serve, completion=False),
    "/api/v1/completions": partial(chat.serve, completion=True),
    "/api/v1/route": route.serve,
    "/api/v1/objects/generations": objects.serve,
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    kind = scope["type"]
    if kind == "http":
        serve = INFERENCE.get(scope["path"])
        if serve is None and fallback.is_here(scope["path"]):
            await fallback.serve(await _playground(), scope, receive, send)
        elif serve is not None:
            await serve(process.engine or await process.started(), scope, receive, send)
        else:
            await guard.guarded(django_application, scope, receive, send)
    elif kind == "lifespan":
        await _lifespan(receive, send)
    elif kind == "websocket":
        await _websocket(scope, receive, send)


async def _playground() -> Playground:
    await process.started()
    assert process.playground is not None
    return process.playground


async def _websocket(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == echo.PATH:
        await echo.serve(scope, receive, send)
    elif scope["path"] == consumer.PATH:
        await consumer.serve(await _playground(), scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 4404})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await process.started()
            except Exception as error:
                logger.exception("the server cannot start")
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await process.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
