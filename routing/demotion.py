"""Providers that fail their probes are tried last, where live traffic knows no better."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from catalog.snapshot import Catalog
from routing.health import Health
from routing.statistics import Statistics


async def obey_probes(
    health: Health, statistics: Statistics, catalog: Callable[[], Catalog], interval_s: float
) -> None:
    """For the life of a server process: tell `health` what the latest probes found."""
    while True:
        down = statistics.probed_down
        health.demote(
            frozenset(
                endpoint.id
                for model in (catalog().models.values() if down else ())
                for endpoint in model.endpoints
                if endpoint.provider.slug in down
            )
        )
        await asyncio.sleep(interval_s)
