"""What the checks of the ledger found, kept for the operator's doctor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from billing.models import LedgerCheck
from billing.verify import Difference

_KEPT_DAYS = 400


def note(differences: Sequence[Difference]) -> None:
    """A check of the whole ledger ended. Raises the database's errors."""
    warnings = sum(each.warning for each in differences)
    LedgerCheck.objects.create(
        finished_at=Now(), errors=len(differences) - warnings, warnings=warnings
    )
    LedgerCheck.objects.filter(finished_at__lt=timezone.now() - timedelta(days=_KEPT_DAYS)).delete()


def latest() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-finished_at", "-pk").first()
