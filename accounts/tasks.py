"""Celery tasks of accounts. They may run twice, late, or at the same time."""

from __future__ import annotations

import logging

from celery import shared_task

from accounts import kept_prompts, pkce

logger = logging.getLogger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def prune_codes() -> None:
    """Nightly: codes of apps that nobody can use any more."""
    logger.info("deleted %d codes of apps", pkce.prune())


@shared_task  # type: ignore[untyped-decorator]
def prune_prompts() -> None:
    """Hourly: prompts that are older than their account wants them."""
    if deleted := kept_prompts.prune():
        logger.info("deleted %d kept prompts that were old enough", deleted)
