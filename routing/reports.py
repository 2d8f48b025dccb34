"""What each server process sees now, for the operator: a row of its own, written every few seconds.

Streams and the health of endpoints are in memory, and pages may be served by another process.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from openrouter_site.database import orm_connection
from routing.exchange import Register
from routing.health import Health, Trouble
from routing.models import ProcessReport

logger = logging.getLogger(__name__)

# What has not changed is written again before readers take it as old.
_REWRITE_S = 20.0
FRESH_S = 45.0
_KEPT_S = 86_400.0
TROUBLES_MAX = 200
# The name of the provider while none has said anything yet.
WAITING = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """Of all processes together."""

    processes: int
    streams: Counter[str]
    troubles: tuple[Trouble, ...]


async def report(register: Register, health: Health, instance_id: str, interval_s: float) -> None:
    """For the life of a server process. Raises nothing; ends when cancelled, and takes the row
    along."""
    known: tuple[object, object] | None = None
    age_s = 0.0
    try:
        while True:
            streams = Counter(exchange.provider_name for exchange in register.live)
            troubles = [_row(trouble) for trouble in health.troubles()[:TROUBLES_MAX]]
            if (streams, troubles) != known or age_s >= _REWRITE_S:
                known, age_s = await _written(instance_id, streams, troubles), 0.0
            await asyncio.sleep(interval_s)
            age_s += interval_s
    finally:
        await asyncio.shield(asyncio.to_thread(_forget, instance_id))


def _row(trouble: Trouble) -> list[float | bool]:
    return [
        trouble.endpoint_id, trouble.failures, trouble.answers, round(trouble.left_s, 1),
        trouble.is_probed_down,
    ]  # fmt: skip


async def _written(
    instance_id: str, streams: Counter[str], troubles: list[list[float | bool]]
) -> tuple[object, object] | None:
    try:
        await asyncio.to_thread(_write, instance_id, streams, troubles)
    except Exception as error:
        logger.debug("what this process sees cannot be written: %s", error)
        return None
    return streams, troubles


def _write(instance_id: str, streams: Counter[str], troubles: list[list[float | bool]]) -> None:
    with orm_connection():
        ProcessReport.objects.update_or_create(
            instance_id=instance_id,
            defaults={"at": Now(), "streams": dict(streams), "troubles": troubles},
        )


def _forget(instance_id: str) -> None:
    try:
        with orm_connection():
            ProcessReport.objects.filter(pk=instance_id).delete()
    except Exception as error:
        logger.debug("the last report of this process stays: %s", error)


def read() -> Sight:
    """What the living processes report. Raises the database's errors."""
    fresh = list(ProcessReport.objects.filter(at__gte=Now() - timedelta(seconds=FRESH_S)))
    streams: Counter[str] = Counter()
    worst: dict[int, Trouble] = {}
    for row in fresh:
        streams.update(row.streams)
        for values in row.troubles:
            trouble = Trouble(*values)
            before = worst.get(trouble.endpoint_id)
            if before is None or _weight(trouble) > _weight(before):
                worst[trouble.endpoint_id] = trouble
    return Sight(len(fresh), streams, tuple(worst.values()))


def _weight(trouble: Trouble) -> tuple[float, int]:
    return trouble.left_s, trouble.failures


def prune() -> None:
    """Forget processes that ended without a word."""
    ProcessReport.objects.filter(at__lt=Now() - timedelta(seconds=_KEPT_S)).delete()
