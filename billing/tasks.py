"""Celery tasks of billing. They may run twice or late; none of them moves money."""

from __future__ import annotations

import logging

from celery import shared_task

from billing.verify import check

logger = logging.getLogger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def verify() -> None:
    """Nightly: every difference becomes an error in the log, a warning a warning."""
    for difference in check():
        level = logging.WARNING if difference.warning else logging.ERROR
        logger.log(level, "the ledger: %s", difference)
