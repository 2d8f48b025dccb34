"""The Celery application, and every periodic task of the product in one table.

Tasks live in `<app>/tasks.py` and are found by name. The queue is Redis when REDIS_URL is set, else
a folder below DATA_DIR: one machine, no service.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.schedules import crontab
from celery.signals import beat_embedded_init, setup_logging
from django.conf import settings
from kombu.transport import filesystem

from openrouter_site.attached import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")

# Hours are UTC. A run that was missed because the machine was off is made up for at start.
BEAT_TABLE: dict[str, dict[str, Any]] = {
    "verify the ledger": {"task": "billing.tasks.verify", "schedule": crontab(minute=15, hour=3)},
    "prune the ledger": {"task": "billing.tasks.prune", "schedule": crontab(minute=45, hour=3)},
    "prune codes of apps": {
        "task": "accounts.tasks.prune_codes",
        "schedule": crontab(minute=30, hour=3),
    },
    "look for low balances": {
        "task": "billing.tasks.look_for_low_balances",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "prune prompts": {
        "task": "accounts.tasks.prune_prompts",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "prune deleted chats": {
        "task": "playground.tasks.prune_deleted_chats",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "prune old chats": {
        "task": "playground.tasks.prune_old_chats",
        "schedule": crontab(minute=0, hour=4),
    },
    "scrub closed accounts": {
        "task": "billing.tasks.scrub_closed_accounts",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "give promo credits": {"task": "billing.tasks.give_promo_credits", "schedule": 3600.0},
    "top up automatically": {
        "task": "billing.tasks.top_up_automatically",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "reconcile payments": {
        "task": "billing.tasks.reconcile_payments",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    # What waited longer than until the next one is not worth doing any more.
    "probe providers": {
        "task": "routing.tasks.probe",
        "schedule": settings.PROBE_INTERVAL_S,
        "options": {"expires": settings.PROBE_INTERVAL_S},
    },
    "roll up usage": {
        "task": "activity.tasks.roll_up_usage",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "roll up rankings": {
        "task": "rankings.tasks.roll_up_rankings",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "show that the worker lives": {
        "task": "doctor.tasks.beat",
        "schedule": settings.WORKER_BEAT_S,
        "options": {"expires": settings.WORKER_BEAT_S},
    },
    "roll up statistics": {
        "task": "routing.tasks.roll_up",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
}

STOP_CHECK_INTERVAL_S = 0.5


class FolderTransport(filesystem.Transport):
    """The folder queue, made to look up often enough that a worker stops within two seconds."""

    polling_interval = 0.25

    def drain_events(self, connection: Any, timeout: Any = None, **_: Any) -> Any:
        shorter = min(timeout or 0, STOP_CHECK_INTERVAL_S)
        return super().drain_events(connection, timeout=shorter)  # type: ignore[no-untyped-call]


app = Celery("openrouter_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    beat_schedule=BEAT_TABLE,
    timezone="UTC",
    # Nobody commands or watches workers at run time; without it a folder queue stays quiet.
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    # With Redis a task is repeated when its worker dies: tasks must be safe to run twice.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
)
app.autodiscover_tasks()


def use_folder_queue() -> None:
    """Make the folders of the embedded queue, which kombu expects to find."""
    for folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    # With the host left out kombu warns that it falls back to the default one.
    app.conf.broker_url = "filesystem://localhost"
    app.conf.broker_transport = "openrouter_site.celery:FolderTransport"


# The clock keeps its state in a file, whatever the queue is.
Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(parents=True, exist_ok=True)
if settings.CELERY_BROKER_URL.startswith("filesystem:"):
    use_folder_queue()

# In a container root is the usual user, and nothing is unpickled here.
warnings.filterwarnings("ignore", category=SecurityWarning, module="celery.platforms")


def keep_our_logging(**_: object) -> None:
    """Log as settings.LOGGING says: being connected is what stops Celery's own set-up."""


def tie_beat_to_worker(**_: object) -> None:
    """The embedded beat is a process of its own: it must not outlive its worker."""
    die_with_parent()


setup_logging.connect(keep_our_logging)
beat_embedded_init.connect(tie_beat_to_worker)
