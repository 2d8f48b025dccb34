"""The catalog in effect in this process, and the watch that replaces it when it changed."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connections

from catalog import load
from catalog.credentials import ProviderCredential
from catalog.load import Loaded
from catalog.snapshot import Catalog
from openrouter_site.cell import Cell
from openrouter_site.database import orm_connection

logger = logging.getLogger(__name__)

_POLL_S_MIN = 0.01


def _load() -> Loaded:
    """The snapshot at hand if it is still the current one, else a new one."""
    known = _cell.peek()
    if known is not None and load.read_version() == known.catalog.version:
        return known
    return load.read_all()


def _empty_cell() -> Cell[Loaded]:
    # During an outage of the database the last catalog serves, however long it takes.
    return Cell(_load, ttl_s=settings.CATALOG_POLL_S, stale_if_error_s=math.inf)


_cell = _empty_cell()


def peek() -> Catalog:
    """The snapshot at hand, for the data plane: no I/O. EMPTY before the first load."""
    return (_cell.peek() or load.NOTHING).catalog


def credentials() -> Mapping[str, ProviderCredential]:
    """Those of the snapshot at hand, by id: no I/O."""
    return (_cell.peek() or load.NOTHING).credentials


def catalog() -> Catalog:
    """The current catalog, for pages and commands. May read the database, and raise its errors."""
    return _cell.get_blocking().catalog


def forget() -> None:
    """Drop the snapshot. For tests, where rolling back takes the version back too."""
    global _cell
    _cell = _empty_cell()


async def start() -> Catalog:
    """The first load, before a server accepts requests; raises the database's errors."""
    return await asyncio.to_thread(_first)


def _first() -> Catalog:
    try:
        return _cell.refresh().catalog
    finally:
        connections.close_all()  # the thread is done with it; the watch has its own


async def watch(poll_s: float | None = None) -> None:
    """Keep the snapshot current for the life of a server process; ends when cancelled.

    Looks at the version every `poll_s` seconds (settings.CATALOG_POLL_S) in a thread of its own.
    Failures are logged when they begin and when they end, and the old snapshot stays.
    """
    interval_s = max(_POLL_S_MIN, settings.CATALOG_POLL_S if poll_s is None else poll_s)
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catalog")
    loop = asyncio.get_running_loop()
    failing = False
    try:
        while True:
            try:
                await loop.run_in_executor(executor, _refresh)
                if failing:
                    logger.info("the catalog can be read again")
                failing = False
            except Exception as error:
                if not failing:
                    logger.warning("the catalog cannot be read, the last one stays: %s", error)
                failing = True
            await asyncio.sleep(interval_s)
    finally:
        executor.submit(connections.close_all)
        executor.shutdown(wait=False)


def _refresh() -> None:
    before = peek().version
    with orm_connection():
        now = _cell.refresh().catalog.version
    if now != before:
        logger.info("catalog version %d is live", now)
