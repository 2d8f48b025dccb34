"""Which server processes live, by the heartbeat of `billing.recovery`. Blocking."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from billing.models import Instance


def living() -> set[str]:
    """Those that were heard of lately, by the database's clock."""
    silent = timedelta(seconds=settings.INSTANCE_SILENT_S)
    rows = Instance.objects.annotate(now=Now()).values_list("id", "last_seen", "now")
    return {name for name, last_seen, now in rows if now - last_seen <= silent}


def is_alive(instance_id: str) -> bool:
    return instance_id in living()
