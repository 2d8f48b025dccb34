"""Celery tasks of the rankings. Safe to run twice."""

from __future__ import annotations

from celery import shared_task

from rankings.rollup import roll_up


@shared_task  # type: ignore[untyped-decorator]
def roll_up_rankings() -> None:
    """Every ten minutes: the days that are over, and those that changed."""
    roll_up()
