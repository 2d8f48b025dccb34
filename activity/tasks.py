"""Celery tasks of activity. Safe to run twice."""

from __future__ import annotations

from celery import shared_task

from activity.rollup import roll_up


@shared_task  # type: ignore[untyped-decorator]
def roll_up_usage() -> None:
    """Every ten minutes: the hours that are over, and those that something came late for."""
    roll_up()
