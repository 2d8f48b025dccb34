"""Celery tasks of routing: look after providers, keep the statistics small. Safe to run twice."""

from __future__ import annotations

from celery import shared_task

from routing.probes import probe_all
from routing.reports import prune
from routing.rollup import roll_up as merge


@shared_task  # type: ignore[untyped-decorator]
def probe() -> None:
    """Ask every configured provider whether it is there."""
    probe_all()


@shared_task  # type: ignore[untyped-decorator]
def roll_up() -> None:
    """Merge minutes into hours, and forget what is too old."""
    merge()
    prune()
