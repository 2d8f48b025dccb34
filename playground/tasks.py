"""Celery tasks of the Playground. They may run twice, late, or at the same time."""

from __future__ import annotations

import logging

from celery import shared_task

from playground import retention, shares

logger = logging.getLogger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def prune_deleted_chats() -> None:
    """Every ten minutes: chats whose owner cannot undo it any more."""
    if deleted := retention.prune_deleted():
        logger.info("deleted %d chats of the Playground", deleted)


@shared_task  # type: ignore[untyped-decorator]
def prune_old_chats() -> None:
    """Nightly: chats that are older than their owner wants, files without a chat, dead links."""
    logger.info(
        "deleted of the Playground: %d old chats, %d files, %d links",
        retention.prune_old(), retention.prune_files(), shares.prune(),
    )  # fmt: skip
