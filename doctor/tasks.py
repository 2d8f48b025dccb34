"""The periodic task (each settings.WORKER_BEAT_S) that shows that worker and clock run."""

from __future__ import annotations

from celery import shared_task
from django.db.models.functions import Now

from doctor.models import Heartbeat

WORKER = "worker"


@shared_task  # type: ignore[untyped-decorator]
def beat() -> None:
    """Clock, queue, worker and database work together, or this row grows old."""
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": Now()})
